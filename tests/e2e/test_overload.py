"""Ten times more than there is room for: everybody is told so and when to come back, memory stays.

`benchmarks/memory.py` looks at what accepted work leaves behind; here it is refused work.
"""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import redis

from benchmarks.processes import memory, with_children
from tests.e2e.caller import Caller, Job
from tests.e2e.conftest import Calling
from tests.e2e.stack import Stack, running_stack
from tests.support.keys_file import write_keys
from tests.support.photos import flat_photo, grainy_photo
from tests.support.platforms import linux_only
from tests.support.styles import BLUE, GATE_VARIABLE

CAPACITY = 60
CALLERS_CAPACITY = 40
SENDERS = 4  # half the threads of an API process: more may be told to wait with their bodies
SIDE_PX = 256  # of noise: some 200 KB each
KEYS = {"ann": "cs_ann", "ben": "cs_ben"}
KB = 1_000
# While 400 photos of 200 KB were refused: 80 MB, had the API kept them; half a KB of Redis each.
MOST_API_GROWTH = 10_000 * KB
MOST_REDIS_GROWTH = 200 * KB
MOST_NEW_KEYS = 10  # Celery's own come and go


@pytest.fixture
def stack(tmp_path: Path, closed_gate: Path) -> Iterator[Stack]:
    """A service with little room, whose worker is held up by the first blue photo."""
    keys = write_keys(tmp_path / "keys.toml", KEYS)
    env = {
        "CELSHADE_KEYS_FILE": str(keys),
        "CELSHADE_EXTRA_STYLES": "tests.support.styles:MarkedStyle",
        "CELSHADE_STYLES": "marked",
        "CELSHADE_MAX_OPEN_JOBS": str(CAPACITY),
        "CELSHADE_MAX_OPEN_JOBS_PER_CALLER": str(CALLERS_CAPACITY),
        "CELSHADE_MAX_BATCH": "1",
        "CELSHADE_DRAIN_S": "1",
        GATE_VARIABLE: str(closed_gate),
    }
    with running_stack(tmp_path, env=env) as stack:
        yield stack


class Flood:
    """Photos of noise from several senders at once, and what became of them."""

    def __init__(self) -> None:
        self._random = random.Random(7)  # noqa: S311 - photos, no secrets
        self.accepted: list[tuple[Caller, Job]] = []
        self.refusals = Counter[tuple[int, str]]()

    def send(self, caller: Caller, count: int) -> None:
        """Submit so many photos."""
        photos = [grainy_photo(self._random, side_px=SIDE_PX) for _ in range(count)]
        with ThreadPoolExecutor(SENDERS) as pool:
            for answer in pool.map(lambda photo: caller.post(photo, style="marked"), photos):
                self._note(caller, answer)

    def _note(self, caller: Caller, answer: httpx.Response) -> None:
        if answer.status_code == 202:
            self.accepted.append((caller, answer.json()))
            return
        assert int(answer.headers["Retry-After"]) >= 1, answer.text
        self.refusals[answer.status_code, answer.json()["code"]] += 1


def api_memory(stack: Stack) -> int:
    """What the API's processes have allocated themselves, bytes."""
    return memory(with_children(stack.pid("api"))).private


def redis_memory(stack: Stack) -> tuple[int, int]:
    """What Redis' data takes, bytes, and how many keys there are."""
    with redis.Redis.from_url(stack.redis_url) as connection:
        return int(connection.info("memory")["used_memory_dataset"]), int(connection.dbsize())


@linux_only
def test_ten_times_the_capacity_is_refused_and_costs_nothing(
    call: Calling, stack: Stack, closed_gate: Path, audited: Callable[[Stack], None]
) -> None:
    ann, ben = (call(stack, key) for key in KEYS.values())
    held = ann.submit(flat_photo(BLUE), style="marked")
    ann.wait_for(held["id"], "running")
    flood = Flood()
    flood.send(ann, 100)
    assert flood.refusals == {(429, "queue_full_for_key"): 100 - (CALLERS_CAPACITY - 1)}
    flood.send(ben, 100)
    assert len(flood.accepted) == CAPACITY - 1
    assert flood.refusals[503, "queue_full"] == 100 - (CAPACITY - CALLERS_CAPACITY)

    api_before, (redis_before, keys_before) = api_memory(stack), redis_memory(stack)
    for caller in itertools.islice(itertools.cycle((ann, ben)), 4):
        flood.send(caller, 100)
    assert len(flood.accepted) == CAPACITY - 1
    redis_after, keys_after = redis_memory(stack)
    assert keys_after - keys_before < MOST_NEW_KEYS
    assert redis_after - redis_before < MOST_REDIS_GROWTH
    assert api_memory(stack) - api_before < MOST_API_GROWTH
    stored = [path for path in stack.layout.objects.rglob("inputs/**/*") if path.is_file()]
    assert len(stored) == CAPACITY  # what is refused is not even stored

    closed_gate.touch()
    ended = [caller.wait_for(job["id"]) for caller, job in [(ann, held), *flood.accepted]]
    assert {(job["status"], job["attempts"]) for job in ended} == {("succeeded", 1)}
    last = ann.submit(flat_photo((9, 80, 70)), style="marked")
    ann.wait_for(last["id"])  # the books are read while nothing changes
    audited(stack)
