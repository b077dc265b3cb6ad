"""Reads the constants of a TensorFlow 1 frozen graph, without TensorFlow.

A GraphDef is a protocol buffer; this reads just as much of that wire format as constants need, and
runs nothing. Field numbers are those of tensorflow/core/framework/{graph,node_def,attr_value,
tensor,tensor_shape,types}.proto of github.com/tensorflow/tensorflow (Apache-2.0).
"""

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
import torch

from common.errors import ConfigurationError

_VARINT, _EIGHT_BYTES, _BLOCK, _FOUR_BYTES = 0, 1, 2, 5
_MORE: Final = 0x80  # of a varint's byte: another one follows
_LONGEST_VARINT: Final = 10
# TensorFlow's DT_FLOAT, and the field of single values that goes with it.
_DT_FLOAT: Final = 1
_NODE, _NAME, _OP, _ATTRIBUTE = 1, 1, 2, 5
_KEY, _VALUE = 1, 2
_TENSOR: Final = 8  # of AttrValue
_DTYPE, _SHAPE, _CONTENT, _FLOATS = 1, 2, 4, 5  # of TensorProto
_DIM, _SIZE = 2, 1  # of TensorShapeProto

# A hundred times the largest kernel of the networks read here: one byte may stand for all of them.
_MOST_ELEMENTS: Final = 16_000_000

_Field = tuple[int, int | memoryview]


def float_constants(data: bytes, where: str) -> dict[str, torch.Tensor]:
    """Return the float32 constants of a graph, by their nodes' names.

    Args:
        data: A serialised GraphDef.
        where: Its name, for the fault's reader.

    Raises:
        ConfigurationError: It is no GraphDef, or a constant is not what it says.
    """
    found: dict[str, torch.Tensor] = {}
    try:
        for number, value in _fields(memoryview(data)):
            if number == _NODE:
                name, tensor = _node(_block(value))
                if tensor is not None:
                    found[name] = tensor
    except (ValueError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{where} is no frozen graph of TensorFlow ({error}).") from None
    if not found:
        raise ConfigurationError(f"{where} holds no constants: is it a frozen graph?")
    return found


def _node(node: memoryview) -> tuple[str, torch.Tensor | None]:
    """A node's name, and its tensor if it is a float constant."""
    name = kind = ""
    tensor: torch.Tensor | None = None
    for number, value in _fields(node):
        if number == _NAME:
            name = str(_block(value), "utf-8")
        elif number == _OP:
            kind = str(_block(value), "utf-8")
        elif number == _ATTRIBUTE:
            entry = dict(_fields(_block(value)))
            if bytes(_block(entry.get(_KEY, memoryview(b"")))) == b"value":
                tensor = _attribute(_block(entry.get(_VALUE, memoryview(b""))))
    return name, tensor if kind == "Const" else None


def _attribute(attribute: memoryview) -> torch.Tensor | None:
    """The float tensor of an attribute's value, if it is one."""
    fields = dict(_fields(attribute))
    return _tensor(_block(fields[_TENSOR])) if _TENSOR in fields else None


def _tensor(tensor: memoryview) -> torch.Tensor | None:
    """A tensor; None when it is of another type than float32."""
    fields = list(_fields(tensor))
    values = dict(fields)
    if values.get(_DTYPE) != _DT_FLOAT:
        return None
    shape = _shape(_block(values.get(_SHAPE, memoryview(b""))))
    count = math.prod(shape)
    if count > _MOST_ELEMENTS:
        raise ValueError(f"a tensor of shape {shape}")
    content = bytes(_block(values.get(_CONTENT, memoryview(b""))))
    if not content:
        content = b"".join(bytes(_block(value)) for number, value in fields if number == _FLOATS)
        if len(content) == 4:  # noqa: PLR2004 - one float: all elements are that one
            content *= count
    if len(content) != 4 * count:
        raise ValueError(f"{len(content)} bytes for a tensor of shape {shape}")
    # Little-endian on every machine: the format says so.
    return torch.from_numpy(np.frombuffer(content, "<f4").astype(np.float32)).view(shape)


def _shape(shape: memoryview) -> tuple[int, ...]:
    sides = []
    for number, value in _fields(shape):
        if number == _DIM:
            side = dict(_fields(_block(value))).get(_SIZE, 0)
            if not isinstance(side, int) or side >= 1 << 31:
                raise ValueError("a side of unknown length")
            sides.append(side)
    return tuple(sides)


def _fields(message: memoryview) -> Iterator[_Field]:
    """Yield a message's fields: number, and an integer or the bytes of a block.

    Raises:
        ValueError: It is no message.
    """
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, place = _varint(message, place)
            yield number, value
            continue
        if kind == _BLOCK:
            length, place = _varint(message, place)
        elif kind in (_FOUR_BYTES, _EIGHT_BYTES):
            length = 4 if kind == _FOUR_BYTES else 8
        else:
            raise ValueError(f"a field of kind {kind} at byte {place}")
        if length > len(message) - place:
            raise ValueError("it breaks off")
        yield number, message[place : place + length]
        place += length


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """Read an integer; returns it and the place behind it."""
    value = 0
    for number in range(_LONGEST_VARINT):
        if place >= len(message):
            raise ValueError("it breaks off")
        byte = message[place]
        place += 1
        value |= (byte & ~_MORE) << (7 * number)
        if byte < _MORE:
            return value, place
    raise ValueError("an integer without end")


def _block(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number where a block belongs")  # noqa: TRY004 - of the data, not a type
    return value
