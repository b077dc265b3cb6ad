"""Draws the network of the built-in looks as an ONNX graph, as `onnx_graphs` draws others."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from onnx import helper

from tests.support.graphs.onnx_graphs import Graph


def toon_unet(weights: Mapping[str, torch.Tensor], long_side_px: int, *, cel: bool) -> Graph:
    """The U-Net of the built-in looks, its scale worked into the weights, and the cel behind it."""
    g = Graph(weights)
    scale = math.log2(max(long_side_px, 256) / 512)

    def scaled(planes: str, name: str, stride: int = 1) -> str:
        plain = {part: weights[f"{name}.{part}"].numpy() for part in ("weight", "bias")}
        gain, shift = (weights[f"{name}.{part}"].numpy() for part in ("gain", "shift"))
        g.asked.update(f"{name}.{part}" for part in ("weight", "bias", "gain", "shift"))
        grown = plain["weight"] * (1 + 0.1 * scale * gain[0] + 0.05 * scale**2 * gain[1]).reshape(
            -1, 1, 1, 1
        )
        moved = plain["bias"] + 0.1 * scale * shift[0] + 0.05 * scale**2 * shift[1]
        terms = g.constant(f"{name}.grown", grown), g.constant(f"{name}.moved", moved)
        return g.op("Conv", planes, *terms, pads=[1, 1, 1, 1], strides=[stride, stride])

    def residual(planes: str, name: str) -> str:
        inner = g.op("Relu", scaled(planes, f"{name}.first"))
        return g.op("Relu", g.op("Add", scaled(inner, f"{name}.second"), planes))

    planes = g.op("Relu", scaled(_haar(g, "photo"), "head"))
    passed = []
    for level in range(3):
        passed.append(planes)
        halved = g.op("Relu", scaled(planes, f"down.{level}", 2))
        planes = residual(halved, f"enter.{level}")
    planes = residual(planes, "bottom")
    scales = g.constant("scales", np.array([1, 1, 2, 2], "f"))
    for level in reversed(range(3)):
        narrow = g.op("Conv", planes, g.weight(f"up.{level}.weight"), g.weight(f"up.{level}.bias"))
        copied = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
        larger = g.op("Resize", narrow, "", scales, nearest_mode="floor", **copied)
        planes = residual(g.op("Add", larger, passed[level]), f"leave.{level}")
    added = g.op("DepthToSpace", scaled(planes, "tail"), blocksize=2, mode="CRD")
    if not cel:
        _clipped(g, g.op("Add", "photo", added), output="cartoon")
        return g
    counts = g.constant("counts", np.array([3, 1]))
    g.nodes.append(helper.make_node("Split", [added, counts], ["colours", "line"], axis=1))
    _cel(g, g.op("Add", "photo", "colours"), "line")
    return g


def _haar(g: Graph, photo: str) -> str:
    # Of the squares of two by two pixels: their mean, between -1 and 1, and four times half of
    # what is left less right, above less below, and one diagonal less the other.
    apart = g.op("SpaceToDepth", photo, blocksize=2)  # first pixel of all colours, second, ...
    pixels = [f"pixel-{n}" for n in range(4)]
    g.nodes.append(helper.make_node("Split", [apart], pixels, axis=1, num_outputs=4))
    mixed = []
    for row, gain in (
        ((1, 1, 1, 1), 0.5),
        ((1, -1, 1, -1), 2),
        ((1, 1, -1, -1), 2),
        ((1, -1, -1, 1), 2),
    ):
        terms = [_times(g, pixel, sign * gain) for pixel, sign in zip(pixels, row, strict=True)]
        mixed.append(g.op("Sum", *terms))
    mixed[0] = g.op("Sub", mixed[0], g.constant("middle", np.float32(1)))
    by_kind = g.op("Concat", *mixed, axis=1)  # colours lie together in the network instead
    order = g.constant(
        "order", np.array([kind * 3 + colour for colour in range(3) for kind in range(4)])
    )
    return g.op("Gather", by_kind, order, axis=1)


def _times(g: Graph, planes: str, factor: float) -> str:
    return g.op("Mul", planes, g.constant(f"times {factor}", np.float32(factor)))


def _clipped(g: Graph, planes: str, output: str = "") -> str:
    bounds = g.constant("zero", np.float32(0)), g.constant("one", np.float32(1))
    return g.op("Clip", planes, *bounds, output=output)


def _cel(g: Graph, paint: str, line: str) -> None:
    # Six levels; between two of them a slope of four, a quarter of the way wide, and 15 % of the
    # light as it was. Ink has a slope of two around a half.
    weights = g.constant("luma", np.array([0.2126, 0.7152, 0.0722], "f").reshape(1, 3, 1, 1))
    light = g.op("Conv", paint, weights)
    places = _times(g, light, 6)
    below = g.op("Floor", places)
    half = g.constant("half", np.float32(0.5))
    rise = _times(g, g.op("Sub", g.op("Sub", places, below), half), 4)
    step = _times(g, g.op("Add", below, _clipped(g, g.op("Add", rise, half))), 1 / 6)
    seen = g.op("Add", _times(g, step, 0.85), _times(g, light, 0.15))
    flat = _clipped(g, g.op("Add", paint, g.op("Sub", seen, light)))
    dark = _clipped(g, g.op("Add", _times(g, g.op("Sub", line, half), 2), half))
    g.op("Mul", flat, g.op("Sub", g.constant("white", np.float32(1)), dark), output="cartoon")
