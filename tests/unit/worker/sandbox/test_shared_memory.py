"""Memory shared with a codec process: nothing outside it is reached, and large photos leave."""

import os
from collections.abc import Iterator

import numpy as np
import pytest

from tests.support.platforms import linux_only
from worker.sandbox.shared_memory import SharedMemory, behind

SIZE_BYTES = 64 * 2**20


@pytest.fixture
def memory() -> Iterator[SharedMemory]:
    memory = SharedMemory.create(SIZE_BYTES)
    yield memory
    memory.close()


def test_what_one_side_writes_the_other_sees(memory: SharedMemory) -> None:
    other = SharedMemory(os.dup(memory.fd), SIZE_BYTES)
    colours = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    alpha = np.full((2, 4), 9, np.uint8)
    memory.write(colours, alpha)
    assert np.array_equal(other.view(2, 4, 3), colours)
    assert np.array_equal(other.view(2, 4, at=24), alpha)
    other.close()


def test_pixels_made_in_place_behind_a_file_are_there(memory: SharedMemory) -> None:
    other = SharedMemory(os.dup(memory.fd), SIZE_BYTES)
    file, at = np.full(1001, 3, np.uint8), behind(1001)
    memory.write(file)
    made = other.room(at)[:24].reshape(2, 4, 3)
    made[...] = 5
    other.write(made, np.full((2, 4), 9, np.uint8), at=at)
    assert 1001 <= at < 1001 + 64
    assert np.array_equal(memory.view(1001), file)
    assert np.array_equal(memory.view(2, 4, 3, at=at), made)
    assert np.array_equal(memory.view(8, at=at + 24), np.full(8, 9))
    assert memory.room(at).size == SIZE_BYTES - at
    other.close()


@pytest.mark.parametrize(
    ("shape", "at"),
    [
        ((SIZE_BYTES + 1,), 0),
        ((2**32 - 1, 2**32 - 1, 4), 0),
        ((1,), SIZE_BYTES),
        ((0, 5, 3), 0),
        ((2, -1), 0),
    ],
)
def test_nothing_outside_is_reached(memory: SharedMemory, shape: tuple[int, ...], at: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        memory.view(*shape, at=at)


def test_what_is_too_large_is_not_written(memory: SharedMemory) -> None:
    with pytest.raises(ValueError, match="outside"):
        memory.write(np.zeros(SIZE_BYTES, np.uint8), np.zeros(1, np.uint8))


def test_the_mark_lies_beside_the_bytes(memory: SharedMemory) -> None:
    other = SharedMemory(os.dup(memory.fd), SIZE_BYTES)
    assert not memory.is_marked
    other.is_marked = True
    memory.write(np.zeros(SIZE_BYTES, np.uint8))
    assert memory.is_marked
    other.close()


@linux_only
@pytest.mark.parametrize("size_bytes", [0, SIZE_BYTES // 2, SIZE_BYTES * 2])
def test_neither_side_moves_its_end(memory: SharedMemory, size_bytes: int) -> None:
    with pytest.raises(PermissionError):
        os.ftruncate(memory.fd, size_bytes)


@linux_only
def test_a_large_photo_leaves_no_memory_behind(memory: SharedMemory) -> None:
    memory.write(np.ones(SIZE_BYTES, np.uint8))
    assert os.fstat(memory.fd).st_blocks * 512 >= SIZE_BYTES
    memory.shrink_after(SIZE_BYTES)
    assert os.fstat(memory.fd).st_blocks * 512 <= SIZE_BYTES / 3
    memory.write(np.full(SIZE_BYTES, 7, np.uint8))
    assert memory.view(1, at=SIZE_BYTES - 1)[0] == 7
