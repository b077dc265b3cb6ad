"""HEIF boxes: reads the sides of a HEIF's primary picture from its boxes, without any codec.

The API checks uploads with this and never loads libheif, whose parser has been exploited by files
before (docs/adr/0007-photo-codecs.md). Reads a bounded number of boxes, decodes nothing.

Sources: ISO/IEC 14496-12:2022, 4.2 and 8.11 (boxes, `meta`, `pitm`, `iinf`, `iprp`); ISO/IEC
23008-12:2022, 6.5 (`ispe`, `clap`, `irot`) and 6.3 (transformations in the order of association).
"""

from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from common.errors import InvalidImage

# A camera's has some 4 KB for 50 tiles; libheif takes 1000 items.
_META_BYTES: Final = 1024 * 1024
_MAX_BOXES: Final = 4096
_MAX_ITEMS: Final = 4096
# A coded picture, or a grid of them, as cameras write it. Other kinds are derived from further
# items in ways that no camera uses and that decoders have had bugs with.
_PLAIN_ITEMS: Final = (b"hvc1", b"grid")
_LONG_SIZE: Final = 1  # a box's size follows as 64 bits
_TO_THE_END: Final = 0  # a box reaches to the end of its parent


class HeifSides(NamedTuple):
    """The sides of a primary picture, pixels.

    Attributes:
        coded: Width and height that a decoder must hold.
        seen: Width and height as displayed: cropped and rotated.
    """

    coded: tuple[int, int]
    seen: tuple[int, int]


class _Box(NamedTuple):
    kind: bytes
    body: memoryview


def heif_sides(file: BinaryIO) -> HeifSides:
    """Read the sides of the primary picture.

    Args:
        file: The file, at any position; it is left at any.

    Raises:
        InvalidImage: The boxes are damaged, or the primary picture is no plain one.
    """
    try:
        return _sides(_children(_meta(file)[4:]))
    except (IndexError, KeyError, ZeroDivisionError) as error:
        raise InvalidImage from error


def _meta(file: BinaryIO) -> memoryview:
    """Find the box `meta` among those of the file."""
    at = 0
    for _ in range(_MAX_BOXES):
        file.seek(at)
        head = file.read(16)
        size = int.from_bytes(head[:4], "big")
        start = 8
        if size == _LONG_SIZE:
            size, start = int.from_bytes(head[8:16], "big"), 16
        if head[4:8] == b"meta" and start + 4 <= size <= _META_BYTES:
            file.seek(at + start)
            return memoryview(file.read(size - start))
        if size < start or len(head) < start:
            break
        at += size
    raise InvalidImage


def _boxes(data: memoryview) -> Iterator[_Box]:
    """Iterate over consecutive boxes."""
    for _ in range(_MAX_BOXES):
        if not data:
            return
        size, kind, start = _number(data, 0, 4), bytes(data[4:8]), 8
        if size == _LONG_SIZE:
            size, start = _number(data, 8, 8), 16
        elif size == _TO_THE_END:
            size = len(data)
        if not start <= size <= len(data):
            raise InvalidImage
        yield _Box(kind, data[start:size])
        data = data[size:]
    raise InvalidImage


def _children(data: memoryview) -> dict[bytes, memoryview]:
    """Return the first box of each kind, by kind."""
    found: dict[bytes, memoryview] = {}
    for box in _boxes(data):
        found.setdefault(box.kind, box.body)
    return found


def _sides(meta: dict[bytes, memoryview]) -> HeifSides:
    pitm = meta[b"pitm"]
    item = _number(pitm, 4, 4 if pitm[0] else 2)
    if _kind(meta[b"iinf"], item) not in _PLAIN_ITEMS:
        raise InvalidImage("The HEIF's primary picture is not a plain photo; save it again.")
    coded = seen = None
    for box in _properties(meta[b"iprp"], item):
        if box.kind == b"ispe" and coded is None:
            coded = seen = _number(box.body, 4, 4), _number(box.body, 8, 4)
        elif seen is not None:
            seen = _transformed(seen, box)
    if coded is None or seen is None or min(*coded, *seen) < 1:
        raise InvalidImage
    return HeifSides(coded, seen)


def _transformed(sides: tuple[int, int], box: _Box) -> tuple[int, int]:
    """Apply a property to the sides, if it is one that changes them."""
    width, height = sides
    if box.kind == b"irot" and box.body[0] & 1:  # quarters of a turn
        return height, width
    if box.kind == b"clap":
        width_n, width_d, height_n, height_d = (_number(box.body, at, 4) for at in (0, 4, 8, 12))
        return min(width, width_n // width_d), min(height, height_n // height_d)
    return sides


def _kind(iinf: memoryview, wanted: int) -> bytes:
    """Return an item's type; KeyError if there is no such item."""
    for box in _boxes(iinf[8:] if iinf[0] else iinf[6:]):
        version = box.body[0]
        if box.kind != b"infe" or version < 2:  # noqa: PLR2004 - older ones have no type
            continue
        id_bytes = 2 if version == 2 else 4  # noqa: PLR2004 - as above; 3 has longer numbers
        if _number(box.body, 4, id_bytes) == wanted:
            return bytes(box.body[id_bytes + 6 : id_bytes + 10])
    raise KeyError(wanted)


def _properties(iprp: memoryview, wanted: int) -> Iterator[_Box]:
    """Yield an item's properties in the order of their association."""
    boxes = list(_boxes(iprp))
    known = [each for box in boxes if box.kind == b"ipco" for each in _boxes(box.body)]
    for box in boxes:
        if box.kind == b"ipma":
            for index in _associated(box.body, wanted):
                if index:  # 0 stands for none
                    yield known[index - 1]


def _associated(ipma: memoryview, wanted: int) -> list[int]:
    """Return the numbers of an item's properties, counted from 1."""
    is_long, item_bytes, at = ipma[3] & 1, 4 if ipma[0] else 2, 8
    if (items := _number(ipma, 4, 4)) > _MAX_ITEMS:
        raise InvalidImage
    step, mask = (2, 0x7FFF) if is_long else (1, 0x7F)  # the highest bit says "essential"
    for _ in range(items):
        item, count = _number(ipma, at, item_bytes), ipma[at + item_bytes]
        at += item_bytes + 1
        if item == wanted:
            return [_number(ipma, k, step) & mask for k in range(at, at + count * step, step)]
        at += count * step
    return []


def _number(data: memoryview, at: int, size_bytes: int) -> int:
    """Read an unsigned number; IndexError if the data is cut off."""
    if at + size_bytes > len(data):
        raise IndexError
    return int.from_bytes(data[at : at + size_bytes], "big")
