"""Errors of a device: out of memory (OOM), and the loss of the device itself.

This module only recognises them. `worker.engine.fallback` decides what follows.
"""

import torch

from common.errors import InternalError

# What the libraries below torch say when they raise a plain RuntimeError because memory ran out:
# c10/core/impl/alloc_cpu.cpp, cuBLAS and cuDNN status names, ONNX Runtime's arena.
_OOM_MESSAGES = (
    "DefaultCPUAllocator: can't allocate memory",
    "CUDA out of memory",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "Failed to allocate memory for requested buffer",
)


class DeviceLost(InternalError):
    """Raised when the device no longer answers: this process can compute nothing on it again."""

    default = "The device that renders was lost."


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether a forward failed because memory ran out (OOM), whichever library reports it."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in _OOM_MESSAGES)


def is_device_lost(error: BaseException) -> bool:
    """Say whether a forward failed because of the device itself.

    After such an error (an illegal address, a failed launch, memory that lost a bit, a card that
    fell off its bus) every later call fails too: CUDA's runtime API calls its context corrupted.
    The few that a process could survive are not told apart: a new process is safe for all.
    """
    return isinstance(error, torch.AcceleratorError) and not is_out_of_memory(error)
