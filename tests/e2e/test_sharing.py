"""One line for all: identical photos are rendered once, batches form, nobody is starved."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Calling
from tests.e2e.stack import Stack, running_stack
from tests.support.keys_file import write_keys
from tests.support.photos import flat_photo
from tests.support.styles import BLUE, GATE_VARIABLE

KEYS = {"anna": "cs_anna", "ben": "cs_ben"}


def test_a_hundred_identical_photos_are_one_render(
    call: Calling, one_worker: Stack, closed_gate: Path, audited: Callable[[Stack], None]
) -> None:
    caller = call(one_worker)
    photo = flat_photo(BLUE, number=3)
    jobs = caller.submit_all([photo] * 100, style="marked")
    closed_gate.touch()
    ended = caller.wait_for_all(jobs)
    assert {job["status"] for job in ended} == {"succeeded"}
    assert len({job["id"] for job in ended}) == 100
    assert len({job["output"]["url"].split("?")[0] for job in ended}) == 1
    caches = [job["cache"]["status"] for job in ended]
    assert caches.count("miss") == 1
    assert set(caches) <= {"miss", "joined", "hit"}
    audited(one_worker)


def test_what_waits_together_is_rendered_together(
    call: Calling, one_worker: Stack, closed_gate: Path
) -> None:
    caller = call(one_worker)
    photos = [flat_photo((90, 120, 90), number=number) for number in range(40, 56)]
    jobs = caller.submit_all(photos, style="slow")
    sizes = [job["execution"]["batch_size"] for job in caller.wait_for_all(jobs)]
    assert max(sizes) > 1


def test_distance_is_told_in_cost_not_in_heads(
    call: Calling, one_worker: Stack, closed_gate: Path
) -> None:
    """Two photos wait at the same place behind little and behind much: the ETAs tell."""
    caller = call(one_worker)
    etas = []
    for first, side in ((6000, 64), (6100, 1024)):
        closed_gate.unlink(missing_ok=True)
        ahead = caller.submit_all(
            [flat_photo(BLUE, number=first + n, size=(side, side)) for n in range(24)],
            style="marked",
        )
        caller.wait_for(ahead[0]["id"], "running", "queued")
        last = caller.submit(flat_photo(BLUE, number=first + 50), style="marked")
        queue = caller.job(last["id"])["queue"]
        assert queue["position"] >= 1
        etas.append(queue["eta_seconds"])
        closed_gate.touch()
        caller.wait_for_all([*ahead, last])
    assert etas[1] > 10 * etas[0]


@pytest.fixture
def shared_stack(tmp_path: Path, closed_gate: Path) -> Iterator[Stack]:
    keys = write_keys(tmp_path / "keys.toml", KEYS)
    env = {
        "CELSHADE_KEYS_FILE": str(keys),
        "CELSHADE_EXTRA_STYLES": "tests.support.styles:MarkedStyle",
        "CELSHADE_STYLES": "marked",
        "CELSHADE_MAX_BATCH": "1",
        GATE_VARIABLE: str(closed_gate),
    }
    with running_stack(tmp_path, env=env) as stack:
        yield stack


def test_one_callers_flood_does_not_hold_up_another(
    call: Calling, shared_stack: Stack, closed_gate: Path
) -> None:
    anna, ben = (call(shared_stack, key) for key in KEYS.values())
    flood = anna.submit_all(
        [flat_photo(BLUE, number=number) for number in range(200)], style="marked"
    )
    anna.wait_for(flood[0]["id"], "running", "queued")
    first = ben.submit(flat_photo(BLUE, number=999), style="marked")
    claimed_before = {job["id"] for job in flood if anna.job(job["id"])["status"] != "queued"}
    closed_gate.touch()
    ended = anna.wait_for_all(flood)
    mine = ben.wait_for(first["id"])
    later = sorted([job["started_at"] for job in ended if job["id"] not in claimed_before])
    assert sum(started < mine["started_at"] for started in later) <= 1
    assert anna.http.get(f"/v1/jobs/{first['id']}").status_code == 404
