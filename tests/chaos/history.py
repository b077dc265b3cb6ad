"""The history: what pollers saw of each job, and which of it must never have been.

Safe to use from several threads.
"""

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TERMINAL = frozenset({"succeeded", "failed", "canceled", "expired"})


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look at a job showed, apart from what may differ from look to look."""

    status: str
    run: int
    attempts: int
    completed_at: str | None
    sha256: str | None
    error: str | None

    @classmethod
    def of(cls, job: Mapping[str, Any]) -> "Observation":
        """Read an answer of the API's."""
        return cls(
            status=job["status"],
            run=job["run"],
            attempts=job["attempts"],
            completed_at=job["completed_at"],
            sha256=(job["output"] or {}).get("sha256"),
            error=(job["error"] or {}).get("code"),
        )

    @property
    def is_terminal(self) -> bool:
        """Whether the job had ended."""
        return self.status in TERMINAL


class History:
    """All observations of a run.

    Attributes:
        looks: How often anybody looked.
        surprises: Answers to a look that no good service gives.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, list[Observation]] = defaultdict(list)
        self.looks = 0
        self.surprises: list[str] = []

    def note(self, job: Mapping[str, Any]) -> Observation:
        """Keep what a look showed, if it is anything new."""
        found = Observation.of(job)
        with self._lock:
            self.looks += 1
            seen = self._seen[job["id"]]
            if not seen or seen[-1] != found:
                seen.append(found)
        return found

    def last(self, job_id: str) -> Observation | None:
        """Return what the last look at a job showed."""
        with self._lock:
            seen = self._seen.get(job_id)
            return seen[-1] if seen else None

    def faults(self) -> list[str]:
        """Name the jobs that changed after they had been seen ended."""
        with self._lock:
            return [
                f"job {job_id} had ended and changed: {' -> '.join(map(str, seen))}"
                for job_id, seen in self._seen.items()
                if any(one.is_terminal for one in seen[:-1])
            ]
