"""Loss of the device: how it looks. It recognises; what follows from it is the heart's to do."""

import torch

from common.errors import InternalError
from worker.engine.shortage import is_shortage


class DeviceLost(InternalError):
    """Raised when the device answers no more: this process can compute nothing on it again."""

    default = "The device that renders was lost."


def is_loss(error: BaseException) -> bool:
    """Say whether a forward failed because of the device itself.

    After such an error (an illegal address, a failed launch, memory that lost a bit, a card that
    fell off its bus) every later call fails too: CUDA's runtime API calls its context corrupted.
    The few that a process could survive are not told apart: a fresh process is safe for all.
    """
    return isinstance(error, torch.AcceleratorError) and not is_shortage(error)
