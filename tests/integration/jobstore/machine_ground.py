"""The ground of the state machine: its fixed figures, how work comes in, what must always hold.

Few callers, photos, sizes and priorities, so that hits, joins and full caps happen.
"""

import dataclasses
import itertools
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from common.errors import (
    NotFound,
    NotRetryable,
    QueueFull,
    QueueFullForKey,
    QuotaExceeded,
    StorageUnavailable,
)
from common.jobs import Job, Priority
from common.jobstore.leases import Claim
from common.jobstore.submissions import Submission
from common.jobstore.webhooks import WebhookTarget
from tests.integration.jobstore import builders
from tests.integration.jobstore.builders import LINE, OTHER_LINE, START_MS, ClockedStore
from tests.integration.jobstore.model import Model
from tests.integration.jobstore.recount import recount

POLICY = builders.policy(
    attached_max=3,
    open_caller_max=6,
    open_max=9,
    retention_ms=90_000,
    record_ms=300_000,
    # Redis counts the lives of keys by its own clock, which here runs slower than the test's: these
    # are longer than any example takes.
    failure_ms=600_000,
    process_ms=86_400_000,
    upload_ms=120_000,
    limit_ms=15_000,
    day_px_max=100_000_000,
)
HOOK = WebhookTarget("https://example.com/hook", "https://api.example")
CALLERS = {"ann": 1.0, "ben": 2.0}
PROCESSES = ("p1", "p2")
LINES = st.sampled_from((LINE, LINE, LINE, OTHER_LINE))
# Mostly the newest: the oldest claims are long over.
PLACES = st.sampled_from((0, 0, 0, 1, 1, 2, 5))
SUBMISSIONS = st.lists(
    st.fixed_dictionaries(
        {
            "caller": st.sampled_from(tuple(CALLERS)),
            "photo": st.sampled_from("xyz"),
            "work_px": st.sampled_from((1_000_000, 4_000_000)),
            "priority": st.sampled_from(Priority),
            "line": LINES,
            "is_bypass": st.sampled_from((False, False, False, True)),
            "span_s": st.sampled_from((20.0, 1000.0, 1000.0)),
            "webhook": st.sampled_from((None, HOOK)),
        }
    ),
    min_size=1,
    max_size=4,
)


class Submitting(RuleBasedStateMachine):
    """Work comes in, and every step is checked."""

    clocked: ClockedStore

    @initialize(drawn=SUBMISSIONS)
    def begin(self, drawn: list[dict[str, Any]]) -> None:
        """Empty both, and put the first work in."""
        self.clocked.redis.flushdb()
        self.clocked.set_time(START_MS)
        self.store = self.clocked.store
        self.workers = {name: builders.Worker(self.store, name) for name in PROCESSES}
        self.model = Model(POLICY, START_MS)
        self.put: set[str] = set()
        self.kept_until: dict[str, int] = {}  # uploads that may still be committed
        self.sent: list[Submission] = []
        self.pending: list[Submission] = []
        self.claims: list[tuple[str, Claim]] = []
        self.sweeping: list[str] = []
        self.ended: dict[tuple[str, int], tuple[str, int]] = {}
        self.ids = (f"{n:032x}" for n in itertools.count())
        self.submit(drawn, True)

    # --- How work comes in ---

    @rule(drawn=SUBMISSIONS, is_whole=st.sampled_from((True, True, True, False)))
    def submit(self, drawn: list[dict[str, Any]], is_whole: bool) -> None:
        """Submit as the API does; sometimes only up to the upload."""
        for values in drawn:
            sent = self._make(**values)
            expected = self.model.submit(sent, has_input=False)
            assert self._answer(self.store.submissions.admit, sent) == expected
            if expected == "need_input":
                self.put.add(sent.input_name)
                self.kept_until[sent.input_name] = self.model.now + POLICY.upload_ms
                self.pending.append(sent)
            if expected == "need_input" and is_whole:
                self.enqueue(-1, False)

    def _make(self, photo: str, is_bypass: bool, **values: Any) -> Submission:
        job_id = next(self.ids)
        sent = builders.submission(
            photo,
            job_id=job_id,
            version=values["line"][4:],
            weight=CALLERS[values["caller"]],
            bypass=is_bypass,
            input_name=f"inputs/{job_id}",
            **values,
        )
        identity = dataclasses.replace(sent.identity, salt=job_id if is_bypass else "")
        self.sent.append(dataclasses.replace(sent, identity=identity))
        return self.sent[-1]

    @precondition(lambda self: self.pending)
    @rule(place=PLACES, is_kept=st.booleans())
    def enqueue(self, place: int, is_kept: bool) -> None:
        """Record an uploaded submission; sometimes once more, as after a lost answer."""
        sent = self.pending[place % len(self.pending)]
        if not is_kept:
            self.pending.remove(sent)
        is_known = sent.job_id in self.model.jobs
        is_swept = self.kept_until.get(sent.input_name, 0) <= self.model.now and not is_known
        expected = "input_lost" if is_swept else self.model.submit(sent, has_input=True)
        assert self._answer(self.store.submissions.enqueue, sent) == expected
        # Committed, or refused and doomed to go now: neither way may it be committed again.
        self.kept_until.pop(sent.input_name, None)

    def _answer(self, verb: object, *arguments: object) -> str:
        assert callable(verb)
        try:
            return str(verb(*arguments).outcome.value)
        except (QueueFull, QueueFullForKey, QuotaExceeded):
            return "full"
        except StorageUnavailable:
            return "input_lost"
        except NotRetryable:
            return "not_retryable"
        except NotFound:
            return "not_found"

    # --- What must hold after every step ---

    @invariant()
    def both_agree(self) -> None:
        """Every job stands where the model says, with its attempts and its place."""
        if not hasattr(self, "model"):
            return
        places = {k: n for ln in (LINE, OTHER_LINE) for n, k in enumerate(self.model.order(ln), 1)}
        for job_id, job in self.model.jobs.items():
            seen = self.store.jobs.view(job_id, job.sent.caller.name)
            render = self.model.renders.get(job.key)
            is_open = job.status in ("queued", "running")
            attempts = render.attempts if is_open and render else job.attempts
            place = places.get(job.key) if is_open else None
            found = (seen.status, seen.run, seen.attempts, seen.render_key, seen.position)
            assert found == (job.status, job.run, attempts, job.key, place)
            assert (seen.failure.code if seen.failure else None) == job.code
            self._ends_once(seen)

    def _ends_once(self, seen: Job) -> None:
        if seen.status.is_terminal:
            ending = (seen.status.value, seen.finished_ms or 0)
            assert self.ended.setdefault((seen.id, seen.run), ending) == ending

    @invariant()
    def the_store_adds_up(self) -> None:
        """No job more, no job less, and every recount agrees."""
        if hasattr(self, "model"):
            found = recount(self.clocked.redis, self.put)
            assert found.all("job").keys() == self.model.jobs.keys()
            events = {id_: event["event"] for id_, event in found.all("webhook").items()}
            assert events == self.model.events, "every end is announced, and nothing else"
