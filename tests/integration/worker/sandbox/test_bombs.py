"""What a stranger's bytes do to a codec process costs that process and that photo, no more."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from common.errors import DecodeFailed
from tests.integration.worker.sandbox.conftest import GOOD_PHOTO, MakePool, is_good
from tests.support.codec_processes import children, codec_pids, cpu_s
from tests.support.photos import memory_bomb, scan_bomb
from tests.support.supervised import until
from worker.images.decode import DecodedPhoto
from worker.sandbox.pool import DecoderPool

PATIENT = 60  # looks of a second for each second of processor time
LONG_S = 60  # of processor time: longer than any test waits
ENDLESS = scan_bomb()
SHORT = scan_bomb(scans=500)  # some second of work, and then a gray picture

Start = Callable[[DecoderPool, bytes], Future[DecodedPhoto]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Decode in a thread of its own: `start(pool, data)`."""
    with ThreadPoolExecutor(4) as threads:
        yield lambda pool, data: threads.submit(pool.decode, data, 256)


def until_at_work(pool: DecoderPool, pid: int) -> None:
    """Wait until a process is in the middle of a codec's loop."""
    until(lambda: pid not in pool.idle_pids, "it is taken")
    before_s = cpu_s(pid)
    until(lambda: cpu_s(pid) > before_s + 0.2, "it works")


def failure_of(decoding: Future[DecodedPhoto]) -> DecodeFailed:
    """Return the failure that a decoding ends in."""
    with pytest.raises(DecodeFailed) as caught:
        decoding.result()
    return caught.value


def test_a_scan_bomb_is_ended_at_its_limit_and_harms_nobody(
    make_pool: MakePool, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Busy with other things, a machine may take minutes to give it those seconds.
    monkeypatch.setattr("worker.sandbox.child._WALL_PER_CPU", PATIENT)
    pool = make_pool(processes=2, cpu_s=2)
    before = pool.idle_pids
    bomb = start(pool, ENDLESS)
    until(lambda: len(pool.idle_pids) == 1, "the bomb is in a process")
    (other,) = pool.idle_pids
    decoded = 0
    while not bomb.done():
        assert is_good(pool.decode(GOOD_PHOTO, 256))
        decoded += 1
    assert decoded > 10
    failure = failure_of(bomb)
    assert (failure.retryable, failure.picture_at_fault) == (False, True)
    assert "more than 2 s of processor time" in str(failure.__cause__)
    until(lambda: len(pool.idle_pids) == 2, "its place is taken again")
    assert set(pool.idle_pids) & set(before) == {other}
    assert set(children(os.getpid())) >= set(pool.idle_pids)
    assert not set(children(os.getpid())) & (set(before) - {other})  # reaped


def test_the_limit_is_each_photos_own(make_pool: MakePool) -> None:
    pool = make_pool(cpu_s=4)
    (pid,) = pool.idle_pids
    while cpu_s(pid) < 7:
        pool.decode(SHORT, 256)
    assert pool.idle_pids == [pid]


@pytest.mark.parametrize("name", ["WEBP", "PNG"])
def test_a_memory_bomb_fails_and_the_next_photo_does_not(make_pool: MakePool, name: str) -> None:
    bomb = memory_bomb(name)
    assert len(bomb) < 200_000
    roomy = make_pool()
    assert roomy.decode(bomb, 256).pixels.shape == (3, 256, 256)
    pool = make_pool(memory_mb=64)
    for _ in range(2):
        with pytest.raises(DecodeFailed):
            pool.decode(bomb, 256)
        assert is_good(pool.decode(GOOD_PHOTO, 256))


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
def test_a_crash_in_mid_decode_fails_that_photo_alone(
    make_pool: MakePool, start: Start, number: signal.Signals
) -> None:
    pool = make_pool(cpu_s=LONG_S)
    (pid,) = pool.idle_pids
    bomb = start(pool, ENDLESS)
    until_at_work(pool, pid)
    waiting = [start(pool, GOOD_PHOTO) for _ in range(2)]
    os.kill(pid, number)
    assert number.name in str(failure_of(bomb).__cause__)
    assert all(is_good(decoding.result()) for decoding in waiting)
    assert pid not in children(os.getpid())


def test_a_codec_that_waits_for_ever_is_ended(make_pool: MakePool, start: Start) -> None:
    pool = make_pool(cpu_s=1)
    (pid,) = pool.idle_pids
    with ThreadPoolExecutor(1) as threads:
        os.kill(pid, signal.SIGSTOP)
        hung = threads.submit(pool.decode, GOOD_PHOTO, 256)
        assert "no answer" in str(failure_of(hung).__cause__)
    assert is_good(pool.decode(GOOD_PHOTO, 256))


def test_a_photo_whose_process_was_killed_from_outside_is_decoded_once_more(
    make_pool: MakePool, start: Start
) -> None:
    pool = make_pool(cpu_s=LONG_S)
    (pid,) = pool.idle_pids
    decoding = start(pool, SHORT)
    until_at_work(pool, pid)
    os.kill(pid, signal.SIGKILL)
    assert decoding.result().pixels.shape == (3, 256, 256)


def test_a_photo_whose_process_is_killed_again_fails(make_pool: MakePool, start: Start) -> None:
    pool = make_pool(cpu_s=LONG_S)
    bomb, killed = start(pool, ENDLESS), set[int]()
    while not bomb.done():
        for pid in set(codec_pids(os.getpid())) - killed:
            if cpu_s(pid) > 1:  # more than its start takes
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
    assert "SIGKILL" in str(failure_of(bomb).__cause__)
    assert len(killed) == 2


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_processes_that_die_while_idle_are_reaped_and_replaced(
    make_pool: MakePool, number: signal.Signals
) -> None:
    pool = make_pool(processes=3)
    before = pool.idle_pids
    for pid in before:
        os.kill(pid, number)
    assert is_good(pool.decode(GOOD_PHOTO, 256))
    until(lambda: len(pool.idle_pids) == 3, "all places are taken again")
    assert not set(children(os.getpid())) & set(before)


def test_an_idle_zombie_does_not_wait_for_a_photo(make_pool: MakePool) -> None:
    pool = make_pool()
    (pid,) = pool.idle_pids
    os.kill(pid, signal.SIGKILL)
    until(lambda: pid not in children(os.getpid()), "it is reaped")


def test_many_threads_share_few_processes(make_pool: MakePool) -> None:
    pool = make_pool(processes=2)
    with ThreadPoolExecutor(16) as threads:
        photos = threads.map(lambda _: pool.decode(GOOD_PHOTO, 256), range(200))
    assert all(is_good(photo) for photo in photos)


def test_a_closed_pool_leaves_no_process(make_pool: MakePool, start: Start) -> None:
    pool = make_pool(processes=2, cpu_s=2)
    pids = set(pool.idle_pids)
    bomb = start(pool, ENDLESS)
    until(lambda: len(pool.idle_pids) == 1, "the bomb is in a process")
    closing = threading.Thread(target=pool.close)
    closing.start()
    failure_of(bomb)
    closing.join()
    assert not set(children(os.getpid())) & pids
