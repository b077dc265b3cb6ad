"""From the frozen graphs of DCT-Net to weights of ours: names and the order of axes.

Source of the names: unet_generator in modelscope/models/cv/cartoon/network.py of
github.com/modelscope/modelscope (Apache-2.0): `slim` counts its convolutions in the order in which
they are made, and calls its variables `weights` and `biases`.
"""

import re
from collections.abc import Mapping
from typing import Final

import torch

from common.errors import ConfigurationError
from worker.bundles.weights import fill
from worker.dctnet.graph_def import float_constants
from worker.networks.whitebox_unet import BLOCKS, WhiteboxUNet

_LAYERS: Final = {
    "Conv": "enter",
    "Conv_1": "halve1",
    "Conv_2": "widen1",
    "Conv_3": "halve2",
    "Conv_4": "widen2",
    "Conv_5": "narrow",
    "Conv_6": "merge1",
    "Conv_7": "narrow1",
    "Conv_8": "merge2",
    "Conv_9": "leave",
} | {
    f"block_{number}/conv{half}": f"blocks.{number}.conv{half}"
    for number in range(BLOCKS)
    for half in (1, 2)
}
_VARIABLE: Final = re.compile(
    r"(?P<scope>.*/)?(?P<layer>Conv(?:_\d+)?|block_\d+/conv[12])/(?P<kind>weights|biases)"
)


def convert(data: bytes, where: str) -> WhiteboxUNet:
    """Turn a frozen graph into the network whose weights it holds.

    Args:
        data: The file, e.g. `cartoon_bg.pb`.
        where: Its name, for the fault's reader.

    Raises:
        ConfigurationError: It is no frozen graph, or one of another network.
    """
    tensors = renamed(float_constants(data, where), where)
    with torch.device("meta"):
        network = WhiteboxUNet()
    fill(network, tensors, where)
    return network


def renamed(constants: Mapping[str, torch.Tensor], where: str) -> dict[str, torch.Tensor]:
    """Give a graph's variables our names and torch's order of axes.

    Args:
        constants: The graph's constants; those that are no variables of the network are left out.
        where: The graph's name, for the fault's reader.

    Returns:
        Tensors by the names of `WhiteboxUNet`; kernels HWIO become OIHW.

    Raises:
        ConfigurationError: There are none, or those of two networks.
    """
    by_scope: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in constants.items():
        found = _VARIABLE.fullmatch(name)
        if found and (layer := _LAYERS.get(found["layer"])):
            kind = "weight" if found["kind"] == "weights" else "bias"
            axes = (3, 2, 0, 1) if tensor.ndim == 4 else tuple(range(tensor.ndim))  # noqa: PLR2004
            held = by_scope.setdefault(found["scope"] or "", {})
            held[f"{layer}.{kind}"] = tensor.permute(axes).contiguous()
    if len(by_scope) != 1:
        scopes = ", ".join(f"'{scope}'" for scope in sorted(by_scope)) or "none"
        raise ConfigurationError(
            f"{where} must hold one network with variables like 'generator/Conv/weights'; scopes "
            f"found: {scopes}."
        )
    (tensors,) = by_scope.values()
    return tensors
