"""The job store as architecture.md tells it, in plain Python: what the property test believes.

It keeps jobs, renders, lines, leases and time, and nothing of Redis. Objects are left to
`recount.py`, which recounts their holders from the store's own records.
"""

from common.jobstore.submissions import Submission
from tests.integration.jobstore.model_attempts import OPEN, Attempts, ModelJob, ModelRender

DAY_MS = 86_400_000
RETRYABLE = ("failed", "canceled", "expired")


class Model(Attempts):
    """Every verb, by its postcondition; answers are the store's outcomes."""

    # --- How work comes in ---

    def submit(self, sent: Submission, *, has_input: bool) -> str:
        """Admit (`has_input` false) and enqueue."""
        if sent.job_id in self.jobs:
            return "replayed"
        return self._begin(ModelJob(sent, "", 0), sent, has_input=has_input)

    def retry(self, job_id: str, sent: Submission) -> str:
        """The next run of an ended job."""
        job = self.jobs.get(job_id)
        if job is None:
            return "not_found"
        if job.status not in RETRYABLE or not (job.has_input and job.has_pictures):
            return "not_retryable"
        again = ModelJob(job.sent, "", 0, run=job.run + 1)
        answer = self._begin(again, sent, has_input=True, minds_failure=False)
        if answer != "full":
            self.failures.pop(sent.identity.key(sent.line), None)
        return answer

    def _begin(
        self, job: ModelJob, sent: Submission, *, has_input: bool, minds_failure: bool = True
    ) -> str:
        key = sent.identity.key(sent.line)
        render = self.renders.get(key)
        code, attempts, until = self.failures.get(key, ("", 0, 0))
        is_failing = minds_failure and until > self.now
        if not is_failing and not (render and render.state == "done"):
            if self._is_full(sent):
                return "full"
            if render is None and not has_input:
                return "need_input"
            if render and len(render.jobs) >= self.policy.attached_max:
                return "full"
        job.key, job.deadline = key, self.now + round(sent.span_s * 1000)
        self.jobs[sent.job_id] = job
        if is_failing:
            job.attempts, job.has_input = attempts, False
            self.end(sent.job_id, "failed", code)
            return "failed"
        if render is None:
            self.renders[key] = self._new_render(sent)
        elif render.state == "done":
            job.attempts = render.attempts
            self.end(sent.job_id, "succeeded")
            return "hit"
        else:
            self._join(sent, render, job)
        self.renders[key].jobs.add(sent.job_id)
        self.spent[self._today(sent)] += sent.work_px
        return "joined" if render else "queued"

    def _is_full(self, sent: Submission) -> bool:
        caller, policy = sent.caller.name, self.policy
        if self.spent[self._today(sent)] + sent.work_px > policy.day_px_max:
            return True
        opened = [job for job in self.jobs.values() if job.status in OPEN]
        mine = sum(job.sent.caller.name == caller for job in opened)
        return len(opened) >= policy.open_max or mine >= policy.open_caller_max

    def _today(self, sent: Submission) -> tuple[str, int]:
        return sent.caller.name, self.now // DAY_MS

    def _new_render(self, sent: Submission) -> ModelRender:
        weight = sent.arguments()["flow_weight"]
        self.known.setdefault(sent.line, self.now)
        tag, arrival = self.fair_line(sent.line).arrive(_flow(sent), sent.work_px, weight)
        return ModelRender(sent.line, tag, arrival, sent.work_px)

    def _join(self, sent: Submission, render: ModelRender, job: ModelJob) -> None:
        render.tag = min(render.tag, self.fair_line(render.line).start_tag(_flow(sent)))
        job.status = "running" if render.state == "running" else "queued"

    # --- Jobs ---

    def leave(self, job_id: str, status: str) -> None:
        """cancel, and a deadline that passed: this job alone ends."""
        job = self.jobs[job_id]
        if job.status not in OPEN:
            return
        r = self.renders[job.key]
        job.attempts = r.attempts
        r.jobs.discard(job_id)
        if not r.jobs and r.state in ("waiting", "delayed"):
            del self.renders[job.key]
        self.end(job_id, status)

    def delete(self, job_id: str) -> None:
        """The record goes, and the picture with its last job."""
        self.leave(job_id, "canceled")
        self._let_go(job_id)
        del self.jobs[job_id]

    def _let_go(self, job_id: str) -> None:
        job = self.jobs[job_id]
        job.has_pictures = False
        r = self.renders.get(job.key)
        holders = [j for j in self.jobs.values() if j.key == job.key and j.status == "succeeded"]
        if r and r.state == "done" and not any(j.has_pictures for j in holders):
            del self.renders[job.key]

    # --- Time ---

    def reap(self) -> bool:
        """End what is overdue; answers whether it held back."""
        gap = 0 if self.last_reap is None else self.now - self.last_reap
        self.last_reap = self.now
        if (gap > self.policy.gap_ms or gap < 0) and self.holds < self.policy.holds_most:
            self.hold_until = self.now + self.policy.lease_ms
            self.holds += 1
        self.hold_until = min(self.hold_until, self.now + self.policy.lease_ms)
        is_held = self.now < self.hold_until
        if not is_held:
            self.holds = 0
        for r in self.renders.values():
            if r.state in ("running", "delayed"):
                most = self.policy.lease_ms if r.state == "running" else self.policy.delays_ms[-1]
                r.due = min(r.due, self.now + most)
        due = [(k, r) for k, r in self.renders.items() if r.due <= self.now]
        for key, r in due:
            if r.state == "running" and not is_held:
                self.end_attempt(key, r)
                self.lose(key, r, self._cause(r))
            elif r.state == "delayed":
                self.requeue(key, r)
        for job_id, job in self.jobs.items():
            if job.deadline <= self.now:
                self.leave(job_id, "expired")
        return is_held

    def _cause(self, r: ModelRender) -> str:
        """A dead worker stops renewing early; one that ran out of time renewed until its limit."""
        renewed_late = r.spent + 2 * self.policy.renew_ms >= r.limit
        is_over = r.spent + max(self.now - r.renewed, 0) >= r.limit
        return "execution_timeout" if renewed_late and is_over else "worker_lost"

    def expire(self) -> None:
        """Let go of pictures, then of records."""
        ended = {i: job for i, job in self.jobs.items() if job.status not in OPEN}
        for job_id, job in ended.items():
            if job.expires <= self.now and job.has_pictures:
                self._let_go(job_id)
        for job_id, job in ended.items():
            if job.forgets <= self.now:
                self._let_go(job_id)
                del self.jobs[job_id]
        self._forget_lines()

    def _forget_lines(self) -> None:
        """A version that no worker has ever offered goes when nothing of it is in flight."""
        in_flight = {r.line for r in self.renders.values() if r.state != "done"}
        offered = {line for line, _ in self.beats}
        for line in self.known.keys() - in_flight - offered:
            if self.known[line] <= self.now:  # later: the clock was set back since
                self.known.pop(line)
                self.lines.pop(line, None)
                self.volunteers.pop(line, None)

    def move(self, key: str, new_key: str, line: str) -> str:
        """A waiting render goes to another version."""
        r = self.renders.get(key)
        if r is None or r.state != "waiting":
            return "gone"
        del self.renders[key]
        tag = self.fair_line(line).time + max(r.tag - self.fair_line(r.line).time, 0.0)
        for job_id in r.jobs:
            self.jobs[job_id].key = new_key
        target = self.renders.get(new_key)
        if target is None:
            r.line, r.tag = line, tag
            self.known.setdefault(line, self.now)
            self.renders[new_key] = r
            return "moved"
        if target.state == "done":
            for job_id in r.jobs:
                self.jobs[job_id].attempts = target.attempts
                self.end(job_id, "succeeded")
            return "hit"
        target.jobs |= r.jobs
        target.tag = min(target.tag, tag)
        self.show(target, "running" if target.state == "running" else "queued")
        return "joined"


def _flow(sent: Submission) -> str:
    return f"{sent.caller.name}|{sent.priority}"
