"""Weights for networks whose own are not at hand: the same ones each time, and never trivial."""

from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def randomise(network: Network, seed: int = 0, gain: float = 1.6) -> Network:
    """Fill a network with random weights that keep the signal's size from layer to layer.

    Args:
        network: Any of convolutions and norms.
        seed: Of the numbers.
        gain: Of a convolution, beyond one over the root of its inputs.
    """
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        noise = torch.randn(tensor.shape, generator=generator)
        if tensor.ndim > 1:
            tensor.copy_(noise * gain / tensor[0].numel() ** 0.5)
        else:
            is_gain = name.endswith("weight")
            tensor.copy_(noise * 0.2 + (1 if is_gain else 0))
    return network.eval().requires_grad_(requires_grad=False)
