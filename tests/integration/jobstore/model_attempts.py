"""Attempts in the model: the line's order, claims and how they end; see `model.py`."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from common.jobstore.policy import REMEMBERED_CODES, Policy
from common.jobstore.submissions import Submission
from tests.integration.jobstore.reference_line import FairLine

OPEN = ("queued", "running")


@dataclass
class ModelJob:
    """One job; `attempts` counts once it has ended, before that its render's do."""

    sent: Submission
    key: str
    deadline: int
    has_input: bool = True
    status: str = "queued"
    run: int = 1
    attempts: int = 0
    expires: int = 0
    forgets: int = 0
    has_pictures: bool = True
    code: str | None = None


@dataclass
class ModelRender:
    """One computation in flight or done."""

    line: str
    tag: float
    arrival: int
    work_px: int
    failed_by: set[str] = field(default_factory=set)
    jobs: set[str] = field(default_factory=set)
    state: str = "waiting"
    attempts: int = 0
    lost: int = 0
    token: str = ""
    process: str = ""
    due: int = 0  # end of the lease, or of the pause
    limit: int = 0
    spent: int = 0
    renewed: int = 0


class Attempts:
    """The verbs of workers, by their postconditions; answers are the store's outcomes."""

    def __init__(self, policy: Policy, now: int) -> None:
        self.policy, self.now = policy, now
        self.jobs: dict[str, ModelJob] = {}
        self.renders: dict[str, ModelRender] = {}
        self.lines: dict[str, FairLine] = {}
        self.known: dict[str, int] = {}  # lines that work has come to: since when
        self.failures: dict[str, tuple[str, int, int]] = {}  # code, attempts, until
        self.volunteers: dict[str, tuple[str, int]] = {}  # by line: process, until
        self.alone: dict[str, str] = {}  # by process: render
        self.beats: dict[tuple[str, str], tuple[int, str]] = {}  # by line and process: when, state
        self.spent: Counter[tuple[str, int]] = Counter()  # pixels by caller and day
        self.events: dict[str, str] = {}  # what webhooks are told, by id
        self.last_reap: int | None = None
        self.hold_until = 0
        self.holds = 0

    def fair_line(self, name: str) -> FairLine:
        """The order of a line."""
        return self.lines.setdefault(name, FairLine())

    def order(self, line: str) -> list[str]:
        """Keys of the waiting renders in the order in which they are to be claimed."""
        waiting = [(k, r) for k, r in self.renders.items() if r.state == "waiting"]
        waiting = [(key, r) for key, r in waiting if r.line == line]
        waiting.sort(key=lambda kr: (kr[1].tag, kr[1].lost == 0, kr[1].arrival, kr[0]))
        return [key for key, _ in waiting]

    def waits_anything(self) -> bool:
        """Whether a claim may bring something."""
        return any(r.state == "waiting" for r in self.renders.values())

    def waits_or_runs(self) -> bool:
        """Whether a render is in flight that somebody waits for."""
        return any(r.jobs for r in self.renders.values())

    def owns(self, key: str, token: str) -> bool:
        """Whether a token owns its render's attempt."""
        return self._owned(key, token) is not None

    def claim(self, process: str, line: str, token: str) -> str:
        """Take the head of a line: the render's key, or why none."""
        if process in self.alone:
            return "wait"
        waiting = self.order(line)
        suspects = [key for key in waiting if self.renders[key].lost]
        good = [key for key in waiting if not self.renders[key].lost]
        mine = [key for key in good if not self._is_for_others(process, key)]
        if any(who == process and at != line for at, (who, _) in self.volunteers.items()):
            return "wait"
        first = [key for key in waiting if key in suspects or key in mine][:1]
        if suspects and first == suspects[:1] and self._volunteers(process, line):
            if any(r.process == process and r.state == "running" for r in self.renders.values()):
                return "wait"
            del self.volunteers[line]
            self.alone[process] = suspects[0]
            return self._take(suspects[0], process, token)
        if (mine or not suspects) and self.volunteers.get(line, ("", 0))[0] == process:
            del self.volunteers[line]
        if good and not mine:
            return "wait"
        return self._take(mine[0], process, token) if mine else "empty"

    def _is_for_others(self, process: str, key: str) -> bool:
        """Whether it has failed with this render and somebody ready has not."""
        r = self.renders[key]
        if process not in r.failed_by:
            return False
        return any(
            state == "ready" and who not in r.failed_by
            for (line, who), (at, state) in self.beats.items()
            if line == r.line and abs(self.now - at) < self.policy.alive_ms
        )

    def beat(self, process: str, state: str, lines: Iterable[str]) -> None:
        """A worker tells of itself; one that is not ready volunteers no more."""
        for line in lines:
            self.beats[line, process] = (self.now, state)
            if state != "ready" and self.volunteers.get(line, ("", 0))[0] == process:
                del self.volunteers[line]

    def _volunteers(self, process: str, line: str) -> bool:
        who, until = self.volunteers.get(line, (process, 0))
        if who != process and self.now < until <= self.now + self.policy.lease_ms:
            return False
        self.volunteers[line] = (process, self.now + self.policy.lease_ms)
        return True

    def _take(self, key: str, process: str, token: str) -> str:
        r = self.renders[key]
        self.fair_line(r.line).serve(r.tag)
        r.state, r.process, r.token = "running", process, token
        r.attempts += 1
        r.renewed, r.spent, r.limit = self.now, 0, self._limit_ms(process)
        r.due = self.now + self.policy.lease_ms
        self.show(r, "running")
        return key

    def _limit_ms(self, process: str) -> int:
        """Ten times what all that the process holds should take, at a second per megapixel."""
        running = [r for r in self.renders.values() if r.state == "running"]
        held_px = sum(r.work_px for r in running if r.process == process)
        return max(self.policy.limit_ms, 10 * held_px // 1000)

    def renew(self, process: str, leases: list[tuple[str, str]]) -> tuple[set[str], set[str]]:
        """Answers the keys that are lost and those that nobody waits for."""
        lost, unwanted = set(), set()
        for key, token in leases:
            r = self._owned(key, token)
            if r is None:
                lost.add(key)
                continue
            r.spent += min(max(self.now - r.renewed, 0), self.policy.lease_ms)
            r.renewed = self.now
            if r.spent < r.limit:
                r.due = self.now + min(self.policy.lease_ms, r.limit - r.spent)
            if not r.jobs:
                unwanted.add(key)
        for line, (who, _) in self.volunteers.items():
            if who == process:
                self.volunteers[line] = (who, self.now + self.policy.lease_ms)
        return lost, unwanted

    def _owned(self, key: str, token: str) -> ModelRender | None:
        r = self.renders.get(key)
        return r if r and r.state == "running" and r.token == token else None

    def complete(self, key: str, token: str) -> str:
        """The picture is stored."""
        r = self._owned(key, token)
        if r is None:
            return "refused"
        self.end_attempt(key, r)
        if not r.jobs:
            del self.renders[key]
            return "unwanted"
        for job_id in r.jobs:
            self.jobs[job_id].attempts = r.attempts
            self.end(job_id, "succeeded")
        r.state, r.jobs = "done", set()
        return "committed"

    def fail(self, key: str, token: str, code: str, *, is_retryable: bool) -> str:
        """The attempt went wrong in a known way."""
        r = self._owned(key, token)
        if r is None:
            return "refused"
        self.end_attempt(key, r)
        if not is_retryable or r.attempts >= self.policy.attempts:
            self._end_failed(key, r, code)
            return "failed"
        if not r.jobs:
            del self.renders[key]
            return "unwanted"
        r.failed_by.add(r.process)
        r.state, r.due = "delayed", self.now + self.policy.delays_ms[r.attempts - 1]
        self.show(r, "queued")
        return "delayed"

    def release(self, key: str, token: str, code: str | None) -> str:
        """Given back: uncounted, or lost for a cause."""
        r = self._owned(key, token)
        if r is None:
            return "refused"
        self.end_attempt(key, r)
        if code is None:
            r.attempts -= 1
            self.requeue(key, r)
        else:
            self.lose(key, r, code)
        return "released"

    def abandon(self, key: str, token: str) -> str:
        """Stopped because nobody waits."""
        r = self._owned(key, token)
        if r is None:
            return "refused"
        if r.jobs:
            return "wanted"
        self.end_attempt(key, r)
        del self.renders[key]
        return "abandoned"

    def end_attempt(self, key: str, r: ModelRender) -> None:
        """A process has its hands free again."""
        if self.alone.get(r.process) == key:
            del self.alone[r.process]

    def lose(self, key: str, r: ModelRender, code: str) -> None:
        """A counted attempt was lost with its worker."""
        if r.attempts >= self.policy.attempts:
            self._end_failed(key, r, code)
            return
        r.lost += 1
        self.requeue(key, r)

    def requeue(self, key: str, r: ModelRender) -> None:
        """Back into its line; without jobs it is forgotten."""
        if not r.jobs:
            del self.renders[key]
            return
        r.state = "waiting"
        self.show(r, "queued")

    def _end_failed(self, key: str, r: ModelRender, code: str) -> None:
        for job_id in r.jobs:
            self.jobs[job_id].attempts = r.attempts
            self.end(job_id, "failed", code)
        if code in REMEMBERED_CODES:
            self.failures[key] = (code, r.attempts, self.now + self.policy.failure_ms)
        del self.renders[key]

    def show(self, r: ModelRender, status: str) -> None:
        """Its jobs stand where it stands."""
        for job_id in r.jobs:
            self.jobs[job_id].status = status

    def end(self, job_id: str, status: str, code: str | None = None) -> None:
        """A run is over."""
        job = self.jobs[job_id]
        job.status, job.code = status, code
        if job.sent.webhook:
            self.events[f"job_{job_id}_{job.run}"] = f"job.{status}"
        job.expires, job.forgets = (
            self.now + self.policy.retention_ms,
            self.now + self.policy.record_ms,
        )
