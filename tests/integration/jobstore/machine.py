"""The state machine that runs the store and its model side by side.

Every claim ever made may end at any time, so that stale tokens are tried as often as good ones.
"""

import dataclasses

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from common.errors import DecodeFailed, InternalError, RenderError, WorkerLost
from common.jobs import Stage
from common.jobstore.leases import Claim, WorkerState
from common.jobstore.maintenance import Stranded
from common.jobstore.outbox import Sending
from common.jobstore.submissions import Submission
from tests.integration.jobstore import builders
from tests.integration.jobstore.builders import LINE, OTHER_LINE
from tests.integration.jobstore.machine_ground import LINES, PLACES, PROCESSES, Submitting

# Leases and holds of the reaper end, pauses too, and then there is a render for each round.
MOST_ROUNDS = 60
BOTH_LINES = (LINE, OTHER_LINE)
BEATEN = st.sampled_from(((LINE,), BOTH_LINES))
BEATS = st.sampled_from((WorkerState.READY, WorkerState.READY, WorkerState.SICK))


class StoreMachine(Submitting):
    """Rules are the verbs; what each answers must be what the model says."""

    # --- Attempts ---

    @rule(process=st.sampled_from(PROCESSES), state=BEATS, lines=BEATEN)
    def beat(self, process: str, state: WorkerState, lines: tuple[str, ...]) -> None:
        """A worker says that it is there, ready or sick."""
        self.workers[process].beat(state, lines=lines)
        self.model.beat(process, state.value, lines)

    @precondition(lambda self: self.model.waits_anything())
    @rule(process=st.sampled_from(PROCESSES), line=LINES, times=st.integers(1, 3))
    def claim(self, process: str, line: str, times: int) -> None:
        """Take the head of a line, some times over."""
        for _ in range(times):
            self._claim(process, line)

    def _claim(self, process: str, line: str) -> None:
        found = self.workers[process].claim(line)
        token = found.token if isinstance(found, Claim) else ""
        expected = self.model.claim(process, line, token)
        assert (found.key if isinstance(found, Claim) else found.value) == expected
        if isinstance(found, Claim):
            assert found.attempt == self.model.renders[found.key].attempts
            self.claims.append((process, found))

    @precondition(lambda self: self.claims)
    @rule(process=st.sampled_from(PROCESSES))
    def renew(self, process: str) -> None:
        """Renew all that a process believes it holds."""
        mine = [claim for name, claim in self.claims if name == process]
        answer = self.store.leases(process).renew([(claim, Stage.RENDERING) for claim in mine])
        expected = self.model.renew(process, [(claim.key, claim.token) for claim in mine])
        assert (answer.lost, answer.unwanted) == tuple(map(frozenset, expected))

    def _any_claim(self, place: int) -> tuple[builders.Worker, Claim]:
        process, claim = self.claims[-1 - place % len(self.claims)]
        return self.workers[process], claim

    @precondition(lambda self: self.claims)
    @rule(place=PLACES)
    def complete(self, place: int) -> None:
        """Store a picture and say so; the second time it is refused or changes nothing."""
        worker, claim = self._any_claim(place)
        is_repeated = self._is_committed(claim)
        self.put.add(claim.output_name)
        expected = self.model.complete(claim.key, claim.token)
        assert worker.complete(claim).value == ("committed" if is_repeated else expected)
        if expected in ("refused", "unwanted") and not is_repeated:
            assert self._is_doomed(claim.output_name), "due now"

    def _is_committed(self, claim: Claim) -> bool:
        return bool(self.clocked.redis.exists(f"celshade:holders:{claim.output_name}"))

    def _is_doomed(self, name: str) -> bool:
        return self.clocked.redis.zscore("celshade:doomed", name) is not None

    @precondition(lambda self: self.claims)
    @rule(place=PLACES, error=st.sampled_from((DecodeFailed, InternalError)))
    def fail(self, place: int, error: type[RenderError]) -> None:
        """End an attempt that went wrong."""
        worker, claim = self._any_claim(place)
        expected = self.model.fail(claim.key, claim.token, error.code, is_retryable=error.retryable)
        assert worker.fail(claim, error()).value == expected

    @precondition(lambda self: self.claims)
    @rule(place=PLACES, lost_as=st.sampled_from((None, WorkerLost, InternalError)))
    def release(self, place: int, lost_as: type[RenderError] | None) -> None:
        """Give a render back, uncounted or counted."""
        worker, claim = self._any_claim(place)
        code = lost_as.code if lost_as else None
        expected = self.model.release(claim.key, claim.token, code)
        assert worker.release(claim, lost_as).value == expected

    @precondition(lambda self: self.claims)
    @rule(place=PLACES)
    def abandon(self, place: int) -> None:
        """Stop what nobody waits for."""
        worker, claim = self._any_claim(place)
        expected = self.model.abandon(claim.key, claim.token)
        assert worker.leases.abandon(claim).value == expected

    # --- Jobs ---

    def _any_job(self, place: int) -> Submission:
        known = [sent for sent in self.sent if sent.job_id in self.model.jobs]
        return known[-1 - place % len(known)]

    @precondition(lambda self: self.model.jobs)
    @rule(place=PLACES)
    def cancel(self, place: int) -> None:
        """Cancel a job, ended or not."""
        sent = self._any_job(place)
        self.model.leave(sent.job_id, "canceled")
        self.store.jobs.cancel(sent.job_id, sent.caller.name)

    @precondition(lambda self: self.model.jobs)
    @rule(place=PLACES)
    def delete(self, place: int) -> None:
        """Forget a job."""
        sent = self._any_job(place)
        self.model.delete(sent.job_id)
        self.store.jobs.delete(sent.job_id, sent.caller.name)
        assert self._answer(self.store.submissions.retry, sent) == "not_found"

    @precondition(lambda self: self.model.jobs)
    @rule(place=PLACES, line=LINES)
    def retry(self, place: int, line: str) -> None:
        """Run a job again, perhaps under another version."""
        sent = self._any_job(place)
        again = dataclasses.replace(sent, line=line, version=line[4:])
        expected = self.model.retry(sent.job_id, again)
        assert self._answer(self.store.submissions.retry, again) == expected

    @precondition(lambda self: self.model.jobs)
    @rule(place=PLACES)
    def move(self, place: int) -> None:
        """Take a waiting render to the other version."""
        waiting = self.store.maintenance.stranded(LINE)
        assert [found.key for found in waiting] == sorted(
            self.model.order(LINE), key=lambda key: self.model.renders[key].lost == 0
        )
        if not waiting:
            return
        chosen: Stranded = waiting[place % len(waiting)]
        target = builders.target_line()
        new_key = chosen.identity.key(OTHER_LINE)
        expected = self.model.move(chosen.key, new_key, OTHER_LINE)
        assert self.store.maintenance.move(chosen, target)[0] == expected

    # --- Webhooks ---

    @precondition(lambda self: self.model.events)
    @rule(outcome=st.sampled_from((Sending.DELIVERED, Sending.REFUSED, None)))
    def tell(self, outcome: Sending | None) -> None:
        """Send what is due; sometimes the keeper dies before it writes down what came of it."""
        for due in self.store.outbox.claim(most=3):
            assert due.job is not None
            assert self.model.events[due.id] == due.event == f"job.{due.job.status}"
            assert due.id == f"job_{due.job.id}_{due.job.run}"
            if outcome:
                self.store.outbox.record(due, outcome, answer="200", took_ms=1)

    # --- Time ---

    @rule(step_ms=st.sampled_from((400, 1_000, 2_500, 20_000, 100_000, 600_000, -600_000)))
    def step_clock(self, step_ms: int) -> None:
        """Let the clock go on, or jump."""
        self.model.now += step_ms
        self.clocked.set_time(self.model.now)

    @rule()
    def reap(self) -> None:
        """The keeper looks once."""
        assert self.store.maintenance.reap().held == self.model.reap()

    @precondition(lambda self: self.model.jobs)
    @rule(seconds=st.sampled_from((3, 8, 25)), living=st.sampled_from(((), ("p1",), PROCESSES)))
    def pass_time(self, seconds: int, living: tuple[str, ...]) -> None:
        """Seconds go by: the keeper reaps in each, and the living renew."""
        for _ in range(seconds):
            self.step_clock(1_000)
            for process in living:
                self.renew(process)
                self.beat(process, WorkerState.READY, BOTH_LINES)
            self.reap()

    @precondition(lambda self: self.model.waits_anything())
    @rule(process=st.sampled_from(PROCESSES))
    def fail_and_ask_again(self, process: str) -> None:
        """A worker fails with what it takes, the pause passes, and it asks for more."""
        self._claim(process, LINE)
        if self.claims:
            self.fail(0, InternalError)
        self.pass_time(3, PROCESSES)
        self._claim(process, LINE)

    @precondition(lambda self: self.model.waits_anything())
    @rule(process=st.sampled_from(PROCESSES))
    def work_alone(self, process: str) -> None:
        """One worker that asks in all lines in turn gets everything done, whatever was before."""
        for _ in range(MOST_ROUNDS):
            for place, (name, claim) in enumerate(reversed(self.claims)):
                if name == process and self.model.owns(claim.key, claim.token):
                    self.complete(place)
            if not self.model.waits_or_runs():
                return
            self.pass_time(1, (process,))
            for line in BOTH_LINES:
                self._claim(process, line)
        raise AssertionError("work is left that no worker gets")

    @precondition(lambda self: self.put)
    @rule()
    def begin_sweep(self) -> None:
        """Name what is due; the storage deletes it."""
        names = self.store.maintenance.begin_sweep()
        self.sweeping.extend(names)
        self.put.difference_update(names)
        for name in names:
            self.kept_until.pop(name, None)

    @precondition(lambda self: self.sweeping)
    @rule()
    def end_sweep(self) -> None:
        """Confirm what was deleted, unless it was stored again since."""
        self.store.maintenance.end_sweep(self.sweeping)
        self.sweeping.clear()

    @precondition(lambda self: self.ended)
    @rule()
    def expire(self) -> None:
        """Let go of pictures and records."""
        self.model.expire()
        self.store.maintenance.expire()
