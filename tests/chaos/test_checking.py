"""What the checker and the report go by can tell right from wrong: histories, logs, colours."""

import json
from pathlib import Path
from typing import Any

from tests.chaos.history import History
from tests.chaos.submissions import colour_of, flood, stream
from tests.chaos.told import Told
from tests.chaos.worker_logs import WorkerLogs, own_exits, stands_ready
from tests.support.receiver import Heard, Receiver


def _job(status: str, **fields: Any) -> dict[str, Any]:
    common = {"id": "j", "run": 1, "attempts": 1, "completed_at": None, "output": None}
    return {**common, "error": None, "status": status, **fields}


def test_a_job_that_changes_after_its_end_is_a_fault() -> None:
    history = History()
    for status in ("queued", "running", "queued", "running", "succeeded", "succeeded"):
        history.note(_job(status))
    assert history.faults() == []
    history.note(_job("failed"))
    assert len(history.faults()) == 1


def test_an_end_with_another_picture_is_a_fault() -> None:
    history = History()
    history.note(_job("succeeded", output={"sha256": "a"}))
    history.note(_job("succeeded", output={"sha256": "b"}))
    assert len(history.faults()) == 1


def _write(logs: Path, worker: int, *lines: tuple[int, str, str]) -> None:
    """Write a worker's log: seconds, render, message."""
    texts = (
        json.dumps(
            {
                "time": f"2026-01-01T00:00:{at_s:02}.000+00:00",
                "process": f"worker-{worker}",
                "message": message,
                "render": render,
                "job": "j",
            }
        )
        for at_s, render, message in lines
    )
    (logs / f"worker-{worker}.log").write_text("\n".join([*texts, "Traceback: cut o"]))


def test_a_pickup_is_the_next_claim_of_what_a_killed_worker_held(tmp_path: Path) -> None:
    _write(tmp_path, 1, (1, "held", "claimed"), (1, "done", "claimed"), (2, "done", "render ended"))
    _write(tmp_path, 2, (9, "held", "claimed"), (9, "other", "claimed"), (10, "done", "claimed"))
    logs = WorkerLogs(tmp_path)
    began_s = logs.lines[0].at_s
    (pickup,) = logs.pickups([(1, began_s + 3)])
    assert (pickup.worker, pickup.took_s) == (1, 5)
    assert logs.claimed_by({"j"}) == 2


def test_a_worker_stands_ready_until_it_ends(tmp_path: Path) -> None:
    log = tmp_path / "worker-1.log"
    assert not stands_ready(tmp_path, 1)
    log.write_text("worker-1@host ready.\n")
    assert stands_ready(tmp_path, 1)
    log.write_text("worker-1@host ready.\nworker-1 ended with -9, back in 0.2 s\n")
    assert not stands_ready(tmp_path, 1)
    assert not own_exits(tmp_path)
    log.write_text("worker-1@host ready.\nworker-1 ended with 0, back in 0.2 s\n")
    assert own_exits(tmp_path) == {"worker-1 ended with 0": 1}


def test_photos_are_told_by_their_colours_and_repeat_with_their_seed() -> None:
    assert len({colour_of(number) for number in range(5_000)}) == 5_000
    assert stream(1, ["a"], 50, 10) == stream(1, ["a"], 50, 10)
    assert len({submission.photo for submission in stream(1, ["a"], 50, 10)}) == 50
    assert len({submission.photo for submission in flood(1, "a", 20)}) == 1
    assert len({submission.key for submission in flood(1, "a", 20)}) == 20


def test_ends_that_were_not_told_or_wrongly_are_named() -> None:
    history, receiver = History(), Receiver()
    planned = stream(1, ["a"], 3, 10)
    for submission, name in zip(planned, ("told", "untold", "wrong"), strict=True):
        submission.job_ids.add(name)
        history.note(_job("succeeded", id=name))
    for name, event in (("told", "job.succeeded"), ("wrong", "job.failed")):
        body = json.dumps({"type": event}).encode()
        receiver.heard.put(Heard("/", {"webhook-id": f"job_{name}_1"}, body))
    assert Told(receiver, within_s=0.1).faults(history, planned) == [
        "job_untold_1 was never told",
        "job_wrong_1 was told as {'job.failed'}, and is job.succeeded",
    ]
