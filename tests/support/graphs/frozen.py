"""Frozen graphs of TensorFlow 1 made in the tests, in the words of the real protobuf library.

The messages are declared here a second time, from TensorFlow's own .proto files, so that the reader
under test meets bytes that it had no hand in.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

DT_FLOAT, DT_INT32 = 1, 3
_STRING, _BYTES, _INT, _ENUM, _FLOAT, _MESSAGE = 9, 12, 3, 5, 2, 11
_ONE, _MANY = 1, 3

# message -> field -> (number, kind, one or many, message type). TensorFlow r1.15.
_PROTO: dict[str, dict[str, tuple[int, int, int, str]]] = {
    "Dim": {"size": (1, _INT, _ONE, ""), "name": (2, _STRING, _ONE, "")},
    "TensorShape": {"dim": (2, _MESSAGE, _MANY, "Dim")},
    "Tensor": {
        "dtype": (1, _ENUM, _ONE, ""),
        "tensor_shape": (2, _MESSAGE, _ONE, "TensorShape"),
        "tensor_content": (4, _BYTES, _ONE, ""),
        "float_val": (5, _FLOAT, _MANY, ""),
    },
    "Value": {
        "s": (2, _BYTES, _ONE, ""),
        "i": (3, _INT, _ONE, ""),
        "type": (6, _ENUM, _ONE, ""),
        "tensor": (8, _MESSAGE, _ONE, "Tensor"),
    },
    "Attr": {"key": (1, _STRING, _ONE, ""), "value": (2, _MESSAGE, _ONE, "Value")},
    "Node": {
        "name": (1, _STRING, _ONE, ""),
        "op": (2, _STRING, _ONE, ""),
        "input": (3, _STRING, _MANY, ""),
        "attr": (5, _MESSAGE, _MANY, "Attr"),
    },
    "Graph": {"node": (1, _MESSAGE, _MANY, "Node")},
}

# unet_generator's layers in the order in which they are made: kernel, channels in and out.
PLAIN = [
    (7, 3, 32),
    (3, 32, 32),
    (3, 32, 64),
    (3, 64, 64),
    (3, 64, 128),
    (3, 128, 64),
    (3, 64, 64),
    (3, 64, 32),
    (3, 32, 32),
    (7, 32, 3),
]
Variables = dict[str, np.ndarray[Any, Any]]


def _classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="graph.proto", package="tf", syntax="proto3")
    for name, fields in _PROTO.items():
        message = file.message_type.add(name=name)
        for field, (number, kind, label, other) in fields.items():
            # Enumerations travel as the integers they are.
            added = message.field.add(name=field, number=number, type=kind, label=label)
            if other:
                added.type_name = f".tf.{other}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    find = pool.FindMessageTypeByName
    return {name: message_factory.GetMessageClass(find(f"tf.{name}")) for name in _PROTO}


_CLASSES = _classes()


def frozen_graph(
    variables: Mapping[str, np.ndarray[Any, Any]], *, as_values: tuple[str, ...] = ()
) -> bytes:
    """A graph whose variables have become constants, among the other nodes of a real one.

    Args:
        variables: float32 arrays by name.
        as_values: Those that are written value by value; once, where all are equal.
    """
    graph = _CLASSES["Graph"]()
    graph.node.add(name="input_image", op="Placeholder").attr.add(key="dtype").value.type = DT_FLOAT
    for name, array in variables.items():
        node = graph.node.add(name=name, op="Const")
        node.attr.add(key="dtype").value.type = DT_FLOAT
        tensor = node.attr.add(key="value").value.tensor
        tensor.dtype = DT_FLOAT
        for side in array.shape:
            tensor.tensor_shape.dim.add(size=side)
        if name in as_values:
            values = array.flatten().tolist()
            tensor.float_val.extend(values[:1] if len(set(values)) == 1 else values)
        else:
            tensor.tensor_content = array.astype("<f4").tobytes()
        graph.node.add(name=f"{name}/read", op="Identity", input=[name])
    _add_integers(graph)
    data: bytes = graph.SerializeToString()
    return data


def _add_integers(graph: Any) -> None:
    """A constant of integers, such as the sizes that enlarging needs."""
    node = graph.node.add(name="mul/y", op="Const")
    tensor = node.attr.add(key="value").value.tensor
    tensor.dtype = DT_INT32
    tensor.tensor_content = np.array([2], "<i4").tobytes()
    tensor.tensor_shape.dim.add(size=1)


def variables_of_unet(scope: str = "generator/", seed: int = 0) -> Variables:
    """The variables of DCT-Net's generator with random values, HWIO."""
    numbers, made = np.random.default_rng(seed), Variables()
    layers = {("Conv" if not n else f"Conv_{n}"): sides for n, sides in enumerate(PLAIN)}
    layers |= {f"block_{n}/conv{half}": (3, 128, 128) for n in range(4) for half in (1, 2)}
    for layer, (kernel, entering, leaving) in layers.items():
        shape = (kernel, kernel, entering, leaving)
        made[f"{scope}{layer}/weights"] = numbers.normal(size=shape).astype("f4")
        made[f"{scope}{layer}/biases"] = numbers.normal(size=leaving).astype("f4")
    return made
