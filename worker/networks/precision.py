"""Precision: the types a model may compute in.

It names them and maps them to torch. Which of them a device has is the device's to say; which of
them keeps a style's pixels is measured against float32 when the style is loaded.
"""

from enum import StrEnum

import torch


class Precision(StrEnum):
    """A floating-point type of weights and activations, by its torch name.

    `execution.precision` of a job shows the value.
    """

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"

    @property
    def dtype(self) -> torch.dtype:
        """The same as torch calls it."""
        return _DTYPES[self]


_DTYPES = {
    Precision.FLOAT32: torch.float32,
    Precision.BFLOAT16: torch.bfloat16,
    Precision.FLOAT16: torch.float16,
}
