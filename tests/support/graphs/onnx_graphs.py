"""Draws networks as ONNX graphs, operator by operator, for another runtime to compute.

The architectures are written down here a second time, from their description and in the operators
of another runtime: what ONNX Runtime makes of them knows nothing of our modules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

OPSET = 21
IR_VERSION = 10


@dataclass
class Graph:
    """A graph that grows by one operator at a time.

    Attributes:
        weights: Tensors by name; those that operators ask for go into the graph.
    """

    weights: Mapping[str, torch.Tensor] = field(default_factory=dict)
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def op(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add an operator; returns the name of what it makes."""
        made = output or f"{kind}-{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [made], **attributes))
        return made

    def weight(self, name: str) -> str:
        """A tensor of the weights."""
        self.asked.add(name)
        return self.constant(name, self.weights[name].numpy())

    def constant(self, name: str, values: Any) -> str:
        """A tensor of values."""
        self.constants[name] = numpy_helper.from_array(np.asarray(values), name)
        return name

    def model(
        self,
        *,
        shape: Sequence[int | str] = (1, 3, "height", "width"),
        dtype: int = TensorProto.FLOAT,
        out_dtype: int = TensorProto.FLOAT,
        source: str = "photo",
        result: str = "cartoon",
        out_shape: Sequence[int | str] | None = None,
        check: bool = True,
    ) -> bytes:
        """The whole as an ONNX file."""
        entering = helper.make_tensor_value_info(source, dtype, shape)
        leaving = helper.make_tensor_value_info(result, out_dtype, out_shape or shape)
        return self._model([entering], [leaving], check=check)

    def model_of(
        self, source: tuple[str, Sequence[int]], results: Sequence[tuple[str, Any]]
    ) -> bytes:
        """The whole as an ONNX file of several results, given by name and by an array like them."""
        entering = helper.make_tensor_value_info(source[0], TensorProto.FLOAT, source[1])
        leaving = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(like.dtype), like.shape
            )
            for name, like in results
        ]
        return self._model([entering], leaving, check=True)

    def _model(
        self,
        entering: list[onnx.ValueInfoProto],
        leaving: list[onnx.ValueInfoProto],
        *,
        check: bool,
    ) -> bytes:
        constants = list(self.constants.values())
        graph = helper.make_graph(self.nodes, "graph", entering, leaving, constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = IR_VERSION
        if check:
            onnx.checker.check_model(model, full_check=True)
        data: bytes = model.SerializeToString()
        return data


def compute(model: bytes, photo: torch.Tensor) -> torch.Tensor:
    """Let ONNX Runtime compute a graph of one input and one output."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {session.get_inputs()[0].name: photo.numpy()})
    return torch.from_numpy(result)


def animegan2(weights: Mapping[str, torch.Tensor]) -> Graph:
    """AnimeGANv2's generator."""
    g, around, halving = Graph(weights), (1, 1, 1, 1), (0, 1, 0, 1)
    half = _conv(g, "photo", "block_a.0", (3, 3, 3, 3))
    half = _conv(g, half, "block_a.1", halving, strides=[2, 2])
    half = _conv(g, half, "block_a.2", around)
    planes = _conv(g, half, "block_b.0", halving, strides=[2, 2])
    planes = _conv(g, planes, "block_b.1", around)
    planes = _conv(g, planes, "block_c.0", around)
    for number in range(1, 5):
        planes = _inverted(g, planes, f"block_c.{number}", adds=number > 1)
    planes = _enlarge(g, _conv(g, planes, "block_c.5", around), half)
    for name in ("block_d.0", "block_d.1"):
        planes = _conv(g, planes, name, around)
    planes = _enlarge(g, planes, "photo")
    for name in ("block_e.0", "block_e.1"):
        planes = _conv(g, planes, name, around)
    planes = _conv(g, planes, "block_e.2", (3, 3, 3, 3))
    g.op("Tanh", g.op("Conv", planes, g.weight("out_layer.0.weight")), output="cartoon")
    return g


def _normed(g: Graph, planes: str, name: str) -> str:
    # One group over the whole picture is one instance of one long channel; the checkpoint's gain
    # and offset are per channel.
    flat = g.op("Reshape", planes, g.constant("flat", np.array([0, 1, -1])))
    ones, zeros = g.constant("one", np.ones(1, "f")), g.constant("zero", np.zeros(1, "f"))
    even = g.op("InstanceNormalization", flat, ones, zeros, epsilon=1e-5)
    back = g.op("Reshape", even, g.op("Shape", planes))
    column = g.constant("column", np.array([1, -1, 1, 1]))
    gain = g.op("Reshape", g.weight(f"{name}.weight"), column)
    offset = g.op("Reshape", g.weight(f"{name}.bias"), column)
    return g.op("Add", g.op("Mul", back, gain), offset)


def _conv(
    g: Graph,
    planes: str,
    name: str,
    border: tuple[int, int, int, int],
    *,
    bias: bool = False,
    **how: Any,
) -> str:
    left, right, top, below = border
    pads = g.constant(f"pads{border}", np.array([0, 0, top, left, 0, 0, below, right]))
    if any(border):
        planes = g.op("Pad", planes, pads, mode="reflect")
    terms = [g.weight(f"{name}.1.weight")] + ([g.weight(f"{name}.1.bias")] if bias else [])
    made = _normed(g, g.op("Conv", planes, *terms, **how), f"{name}.2")
    return g.op("LeakyRelu", made, alpha=0.2)


def _inverted(g: Graph, planes: str, name: str, *, adds: bool) -> str:
    wide = _conv(g, planes, f"{name}.layers.0", (0, 0, 0, 0))
    channels = g.weights[f"{name}.layers.1.1.weight"].shape[0]
    each = _conv(g, wide, f"{name}.layers.1", (1, 1, 1, 1), bias=True, group=channels)
    narrow = g.op("Conv", each, g.weight(f"{name}.layers.2.weight"))
    made = _normed(g, narrow, f"{name}.layers.3")
    return g.op("Add", planes, made) if adds else made


def _enlarge(g: Graph, planes: str, like: str) -> str:
    sizes = g.op("Shape", planes, start=0, end=2), g.op("Shape", like, start=2, end=4)
    corners = {"mode": "linear", "coordinate_transformation_mode": "align_corners"}
    return g.op("Resize", planes, "", "", g.op("Concat", *sizes, axis=0), **corners)


def whitebox_unet(weights: Mapping[str, torch.Tensor]) -> Graph:
    """The White-box U-Net with its guided filter, as TensorFlow 1 computes them."""
    g = Graph(weights)

    def conv(planes: str, name: str, *, rectified: bool = True, stride: int = 1) -> str:
        terms = g.weight(f"{name}.weight"), g.weight(f"{name}.bias")
        made = g.op("Conv", planes, *terms, auto_pad="SAME_UPPER", strides=[stride, stride])
        return g.op("LeakyRelu", made, alpha=0.2) if rectified else made

    def doubled(planes: str) -> str:
        scales = g.constant("scales", np.array([1, 1, 2, 2], "f"))
        return g.op(
            "Resize",
            planes,
            "",
            scales,
            mode="linear",
            coordinate_transformation_mode="asymmetric",
        )

    full = conv("photo", "enter")
    half = conv(conv(full, "halve1", stride=2), "widen1")
    planes = conv(conv(half, "halve2", stride=2), "widen2")
    for number in range(4):
        inner = conv(planes, f"blocks.{number}.conv1")
        outer = conv(inner, f"blocks.{number}.conv2", rectified=False)
        planes = g.op("Add", outer, planes)
    planes = g.op("Add", doubled(conv(planes, "narrow")), half)
    planes = g.op("Add", doubled(conv(conv(planes, "merge1"), "narrow1")), full)
    drawing = conv(conv(planes, "merge2"), "leave", rectified=False)
    _guide(g, drawing)
    return g


def _guide(g: Graph, drawing: str) -> None:
    """The guided filter of radius 1, with box sums over a count, as its source does it."""
    box = g.constant("box", np.full((3, 1, 3, 3), 1 / 9, "f"))
    one = g.constant("one", np.ones(1, "f"))

    def box_sum(planes: str) -> str:
        return g.op("Conv", planes, box, group=3, pads=[1, 1, 1, 1])

    count = box_sum(g.op("Expand", one, g.op("Shape", "photo")))

    def mean(planes: str) -> str:
        return g.op("Div", box_sum(planes), count)

    mean_x, mean_y = mean("photo"), mean(drawing)
    both = mean(g.op("Mul", "photo", drawing))
    covariance = g.op("Sub", both, g.op("Mul", mean_x, mean_y))
    square = mean(g.op("Mul", "photo", "photo"))
    variance = g.op("Sub", square, g.op("Mul", mean_x, mean_x))
    gain = g.op("Div", covariance, g.op("Add", variance, g.constant("eps", np.full(1, 1e-2, "f"))))
    offset = g.op("Sub", mean_y, g.op("Mul", gain, mean_x))
    g.op("Add", g.op("Mul", mean(gain), "photo"), mean(offset), output="cartoon")
