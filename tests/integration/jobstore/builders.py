"""What tests of the job store are built from: submissions, a store whose clock they own, pictures.

Nothing here asserts; `recount.py` does.
"""

import dataclasses
import hashlib
import secrets
from collections.abc import Collection
from typing import Any

import redis

from common.callers import Caller, Scope, Share
from common.errors import RenderError
from common.jobs import Output, Priority, Stage
from common.jobstore import JobStore
from common.jobstore.leases import Claim, Leases, LineOffer, NoClaim, Verdict, WorkerState
from common.jobstore.overview import Line
from common.jobstore.policy import Policy
from common.jobstore.submissions import Answer, Outcome, Submission
from common.objects.names import new_input_name
from common.renders import Identity, Params, PictureFormat
from common.settings import Settings

CLOCK_KEY = "celshade-test-clock"
TEST_CLOCK = f"local now = tonumber(redis.call('GET', '{CLOCK_KEY}'))\n"
START_MS = 1_800_000_000_000
LINE, OTHER_LINE = "ink.aaaaaaaaaaaa", "ink.bbbbbbbbbbbb"
MEGAPIXEL = 1_000_000
EXECUTION = {"device": "cpu", "batch_size": 1}
STAGES_MS = {"forward_ms": 1.5}


def policy(**changes: Any) -> Policy:
    """The default policy with some figures changed."""
    return dataclasses.replace(Policy.from_settings(Settings()), **changes)


class ClockedStore:
    """A store whose time stands still until the test moves it."""

    def __init__(self, url: str, figures: Policy | None = None) -> None:
        self.redis = redis.Redis.from_url(url, decode_responses=True)
        self.store = JobStore(url, figures or policy(), timeout_s=30, clock=TEST_CLOCK)
        self.set_time(START_MS)

    @property
    def now_ms(self) -> int:
        """What the scripts take for the time."""
        return int(str(self.redis.get(CLOCK_KEY)))

    def set_time(self, now_ms: int) -> None:
        """Set the clock, forwards or backwards."""
        self.redis.set(CLOCK_KEY, now_ms)

    def pass_time(self, seconds: float, *, renewing: tuple["Worker", ...] = ()) -> None:
        """Let time pass as it does: renewals every 1.5 s and a reap every second."""
        end = self.now_ms + round(seconds * 1000)
        while self.now_ms < end:
            self.set_time(min(self.now_ms + 500, end))
            if self.now_ms // 500 % 3 == 0:
                for worker in renewing:
                    worker.renew()
            if self.now_ms % 1000 == 0:
                self.store.maintenance.reap()

    def close(self) -> None:
        """Close all connections."""
        self.redis.close()
        self.store.redis.close()


class Worker:
    """A worker process's side of the store: what it holds, and how it ends it."""

    def __init__(self, store: JobStore, name: str | None = None) -> None:
        self.leases: Leases = store.leases(name or f"process-{secrets.token_hex(4)}")
        self.held: list[Claim] = []

    def claim(self, line: str = LINE) -> Claim | NoClaim:
        """Try to take a render."""
        found = self.leases.claim(line, seconds_per_mp=1.0)
        if isinstance(found, Claim):
            self.held.append(found)
        return found

    def take(self, line: str = LINE) -> Claim:
        """Take a render that must be there."""
        found = self.claim(line)
        assert isinstance(found, Claim), found
        return found

    def renew(self) -> None:
        """Keep what is held; forget what is lost."""
        answer = self.leases.renew([(claim, Stage.RENDERING) for claim in self.held])
        self.held = [claim for claim in self.held if claim.key not in answer.lost]

    def complete(self, claim: Claim) -> Verdict:
        """Say that the picture is stored."""
        self._forget(claim)
        return self.leases.complete(
            claim, picture_of(claim), execution=EXECUTION, stages_ms=STAGES_MS
        )

    def fail(self, claim: Claim, error: RenderError) -> Verdict:
        """Say that the attempt failed."""
        self._forget(claim)
        return self.leases.fail(claim, error)

    def release(self, claim: Claim, lost_as: type[RenderError] | None = None) -> Verdict:
        """Give a render back."""
        self._forget(claim)
        return self.leases.release(claim, lost_as=lost_as)[0]

    def beat(
        self,
        state: WorkerState = WorkerState.READY,
        *,
        seconds_per_mp: float = 1.0,
        lines: Collection[str] = (LINE,),
    ) -> None:
        """Say that it is there, and which lines it serves."""
        offers = [LineOffer(line, "ink", line[4:], "{}", seconds_per_mp, 8) for line in lines]
        self.leases.heartbeat(name="worker-1", device="cpu", state=state, offers=offers)

    def _forget(self, claim: Claim) -> None:
        self.held = [held for held in self.held if held.token != claim.token]


def target_line(name: str = OTHER_LINE) -> Line:
    """A line as `move` wants it: only its name and version count."""
    return Line(name, "ink", name[4:], {}, 0, 0, 0, 0, 0, ())


def picture_of(claim: Claim) -> Output:
    """What a worker says of its picture."""
    return Output(claim.output_name, "image/jpeg", 1000, 1000, 1234, "0" * 64)


def submission(
    image: str = "photo", *, caller: str = "ann", work_px: int = MEGAPIXEL, **changes: Any
) -> Submission:
    """A submission with a fresh job id and input name; same image and size, same render."""
    identity = Identity(
        hashlib.sha256(image.encode()).hexdigest(),
        Params(0.7, round(work_px**0.5), PictureFormat.JPEG, 92),
        "service",
    )
    values: dict[str, Any] = {
        "job_id": secrets.token_hex(16),
        "priority": Priority.NORMAL,
        "style": "ink",
        "version": LINE[4:],
        "line": LINE,
        "identity": identity,
        "work_px": work_px,
        "source_type": "image/jpeg",
        "span_s": 86_400.0,
        "input_name": new_input_name(),
    }
    share = {name: changes.pop(name) for name in Share.model_fields if name in changes}
    return Submission(caller=caller_named(caller, **share), **(values | changes))


def caller_named(name: str, **share: Any) -> Caller:
    """A caller of that name, with the usual share but for some figures."""
    return Caller(name, frozenset({Scope.JOBS}), Share(**share))


def submit(store: JobStore, wanted: Submission) -> Answer:
    """Submit as the API does: admit, and enqueue when the upload is asked for."""
    answer = store.submissions.admit(wanted)
    if answer.outcome is not Outcome.NEED_INPUT:
        return answer
    return store.submissions.enqueue(wanted)


def key_of(wanted: Submission) -> str:
    """The render key of a submission."""
    return wanted.identity.key(wanted.line)
