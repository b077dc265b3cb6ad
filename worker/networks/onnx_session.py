"""Opens ONNX files in ONNX Runtime, which is an extra: only those who serve such files need it."""

import importlib
from typing import Any, Final

import torch

from common.errors import ConfigurationError

INSTALL_ONNX: Final = (
    "Install ONNX Runtime: pip install --require-hashes -r requirements/graph.txt "
    "(on a GPU machine: pip install onnxruntime-gpu)."
)


def open_session(data: bytes, device: torch.device, where: str) -> Any:
    """Open an ONNX file.

    Raises:
        ConfigurationError: It is none, or ONNX Runtime is missing or lacks the device.
    """
    try:
        # By name: it is not among what every worker has.
        runtime = importlib.import_module("onnxruntime")
    except ImportError:
        raise ConfigurationError(
            f"{where} cannot be opened without ONNX Runtime. {INSTALL_ONNX}"
        ) from None
    provider = "CUDAExecutionProvider" if device.type == "cuda" else "CPUExecutionProvider"
    if provider not in runtime.get_available_providers():
        raise ConfigurationError(
            f"{where}: the ONNX Runtime here has no {provider}. {INSTALL_ONNX}"
        )
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # Its threads would burn the cores while they wait for the next photo.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return runtime.InferenceSession(data, options, providers=[provider])
    except Exception as error:  # its errors share no class that is public
        raise ConfigurationError(f"{where} is no ONNX file that can be run ({error}).") from error
