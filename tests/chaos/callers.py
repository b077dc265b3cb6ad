"""Callers as they should be: an idempotency key on every submission, and trying again as told.

They give up only when the run does. What surprises them is kept for the checker, never raised.
"""

import random
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import httpx

from tests.chaos.history import History
from tests.chaos.submissions import Submission

TIMEOUT_S = 30.0
PAUSE_S = 0.25  # after a connection that broke: doubled each time
LONGEST_PAUSE_S = 2.0
ACCEPTED = (200, 201, 202)
BUSY = (429, 503)
SENDERS = 4
LOOKS_PER_S = 25.0
SECOND_LOOKS = 0.15  # share of looks that go to jobs already seen ended


class Caller:
    """One caller with its connections, which several threads share.

    Attributes:
        name: Its name in the keys file.
        webhook_url: Where ends are to be told; nowhere when empty.
        refusals_s: How long each 503 of the job store's was waited for.
    """

    def __init__(
        self,
        name: str,
        url: str,
        key: str,
        history: History,
        end: threading.Event,
        *,
        webhook_url: str = "",
    ) -> None:
        self.name = name
        self.webhook_url = webhook_url
        self.history = history
        self.refusals_s: list[float] = []
        self._end = end
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_S
        )

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def submit(self, submission: Submission) -> str | None:
        """Send until it is accepted; returns the job's id, None when the run ended first."""
        pause_s = PAUSE_S
        told = {"webhook_url": self.webhook_url} if self.webhook_url else {}
        while not self._end.is_set():
            began_s = time.monotonic()
            try:
                answer = self._http.post(
                    "/v1/jobs",
                    files={"image": submission.photo},
                    data={"style": submission.style, "strength": "1", "format": "png", **told},
                    headers={"Idempotency-Key": submission.key},
                )
            except httpx.TransportError as error:
                submission.refusals.append(type(error).__name__)
                self._end.wait(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                continue
            if answer.status_code in ACCEPTED:
                return self._accepted(submission, answer)
            self._refused(submission, answer, time.monotonic() - began_s)
            self._end.wait(float(answer.headers.get("Retry-After", LONGEST_PAUSE_S)))
        return None

    def _accepted(self, submission: Submission, answer: httpx.Response) -> str:
        job = answer.json()
        submission.job_ids.add(job["id"])
        self.history.note(job)
        return str(job["id"])

    def _refused(self, submission: Submission, answer: httpx.Response, took_s: float) -> None:
        submission.refusals.append(str(answer.status_code))
        if answer.status_code not in BUSY or "Retry-After" not in answer.headers:
            submission.surprises.append(
                f"{answer.status_code} {dict(answer.headers)} {answer.text}"
            )
        elif answer.json()["code"] == "store_unavailable":
            self.refusals_s.append(took_s)

    def look(self, job_id: str) -> float | None:
        """Look at a job once; returns the pause it asks for, None when there was no answer."""
        try:
            answer = self._http.get(f"/v1/jobs/{job_id}")
        except httpx.TransportError:
            return None
        if answer.status_code == 200:
            self.history.note(answer.json())
        elif answer.status_code not in BUSY:
            self.history.surprises.append(f"GET {job_id}: {answer.status_code} {answer.text}")
        return float(answer.headers.get("Retry-After", LONGEST_PAUSE_S))

    def picture(self, job_id: str) -> bytes:
        """Download a job's picture by its stable link."""
        answer = self._http.get(f"/v1/jobs/{job_id}/result", follow_redirects=True)
        answer.raise_for_status()
        return answer.content


class Crowd:
    """All callers of a run: they submit what is due, and look at what was accepted.

    Args:
        url: The API's address.
        keys: Callers' keys by name.
        seed: Decides the order of looks.
        webhook_url: Where ends are to be told; nowhere when empty.
    """

    def __init__(self, url: str, keys: dict[str, str], *, seed: int, webhook_url: str = "") -> None:
        self.history = History()
        self._end = threading.Event()
        self.callers = {
            name: Caller(name, url, key, self.history, self._end, webhook_url=webhook_url)
            for name, key in keys.items()
        }
        self._draws = random.Random(f"{seed} looks")  # noqa: S311 - repeatable, no secrets
        self._senders = ThreadPoolExecutor(SENDERS * len(keys), thread_name_prefix="sender")
        self._flooders = ThreadPoolExecutor(SENDERS * 4, thread_name_prefix="flooder")
        self._began_s = time.monotonic()
        self._lock = threading.Lock()
        self._open: dict[str, tuple[str, float]] = {}
        self._ended: list[tuple[str, str]] = []
        self._looker = threading.Thread(target=self._look_round, name="looker")

    def refusals_s(self) -> list[float]:
        """Return how long each 503 of the job store's was waited for, by anybody."""
        return [took_s for caller in self.callers.values() for took_s in caller.refusals_s]

    def begin(self, planned: Sequence[Submission]) -> list[Future[None]]:
        """Start to submit, each submission when it is due, and to look."""
        self._began_s = time.monotonic()
        self._looker.start()
        return [self._senders.submit(self._send, submission) for submission in planned]

    def flood(self, planned: Iterable[Submission]) -> list[Future[None]]:
        """Submit these at once."""
        return [self._flooders.submit(self._send, submission) for submission in planned]

    def close(self) -> None:
        """End all threads, whatever they wait for."""
        self._end.set()
        if self._looker.is_alive():
            self._looker.join()
        for pool in (self._senders, self._flooders):
            pool.shutdown(cancel_futures=True)
        for caller in self.callers.values():
            caller.close()

    def _send(self, submission: Submission) -> None:
        self._end.wait(max(0.0, self._began_s + submission.due_s - time.monotonic()))
        caller = self.callers[submission.caller]
        for _ in range(1 + submission.is_repeated):
            job_id = caller.submit(submission)
            if job_id is not None:
                with self._lock:
                    self._open.setdefault(job_id, (submission.caller, 0.0))

    def _look_round(self) -> None:
        while not self._end.wait(1 / LOOKS_PER_S):
            chosen = self._choose()
            if chosen is None:
                continue
            job_id, name = chosen
            pause_s = self.callers[name].look(job_id)
            self._file(job_id, name, pause_s)

    def _choose(self) -> tuple[str, str] | None:
        """Pick a job to look at now: one that is due, or sometimes one that has ended."""
        with self._lock:
            if self._ended and self._draws.random() < SECOND_LOOKS:
                return self._draws.choice(self._ended)
            now_s = time.monotonic()
            due = [(job, name) for job, (name, due_s) in self._open.items() if due_s <= now_s]
            return self._draws.choice(due) if due else None

    def _file(self, job_id: str, name: str, pause_s: float | None) -> None:
        """Note when to look at a job again."""
        seen = self.history.last(job_id)
        with self._lock:
            if job_id not in self._open:
                return
            if seen is not None and seen.is_terminal:
                del self._open[job_id]
                self._ended.append((job_id, name))
            else:
                self._open[job_id] = (name, time.monotonic() + (pause_s or PAUSE_S))
