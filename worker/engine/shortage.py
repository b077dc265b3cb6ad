"""Shortage of memory: how it looks, whichever library ran out.

It recognises; what follows from it is the ladder's to decide.
"""

import torch

# What the libraries below torch say when they raise a plain RuntimeError for want of memory:
# c10/core/impl/alloc_cpu.cpp, cuBLAS and cuDNN status names, ONNX Runtime's arena.
_SAYINGS = (
    "DefaultCPUAllocator: can't allocate memory",
    "CUDA out of memory",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "Failed to allocate memory for requested buffer",
)


def is_shortage(error: BaseException) -> bool:
    """Say whether a forward failed because it did not find memory enough."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(saying in str(error) for saying in _SAYINGS)
