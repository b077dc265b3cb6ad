"""What a receiver of webhooks was told, held against what callers saw: every end, and nothing else.

At least once is all that is promised; how often it was more is in the report of whoever asks.
"""

import json
import time
from collections import defaultdict
from collections.abc import Sequence
from queue import Empty

from tests.chaos.history import History
from tests.chaos.submissions import Submission
from tests.support.receiver import Receiver

TIMEOUT_S = 3.0  # of the receiver, for the keeper: a lease of 8 s
WITHIN_S = 60.0  # a lease, and the first pause between attempts, on a machine that is busy
LOOK_S = 0.5


class Told:
    """What came in at a receiver.

    Args:
        receiver: The running receiver.
        within_s: How long after the last end all must have been told, seconds.
    """

    def __init__(self, receiver: Receiver, *, within_s: float = WITHIN_S) -> None:
        self.receiver = receiver
        self._within_s = within_s
        self._events: dict[str, set[str]] = defaultdict(set)

    @property
    def settings(self) -> dict[str, str]:
        """Variables of a service that may call the receiver, and nobody else on this machine."""
        return {
            "CELSHADE_OUTBOUND_NETWORKS": "127.0.0.1/32",
            "CELSHADE_OUTBOUND_PORTS": str(self.receiver.port),
            "CELSHADE_WEBHOOK_TIMEOUT_S": str(TIMEOUT_S),
        }

    def faults(self, history: History, planned: Sequence[Submission]) -> list[str]:
        """Wait until all is told, and return everything that is wrong, a sentence each."""
        ends = {
            job_id: history.last(job_id) for submission in planned for job_id in submission.job_ids
        }
        wanted = {
            f"job_{job_id}_{end.run}": f"job.{end.status}"
            for job_id, end in ends.items()
            if end is not None and end.is_terminal
        }
        deadline_s = time.monotonic() + self._within_s
        while self._hear() or (
            wanted.keys() - self._events.keys() and time.monotonic() < deadline_s
        ):
            pass
        untold = [
            f"{event} was never told" for event in sorted(wanted.keys() - self._events.keys())
        ]
        wrong = [
            f"{event} was told as {said}, and is {wanted.get(event)}"
            for event, said in self._events.items()
            if said != {wanted.get(event)}
        ]
        return untold + wrong

    def _hear(self) -> bool:
        """Take in what has come; whether anything had."""
        try:
            heard = self.receiver.heard.get(timeout=LOOK_S)
        except Empty:
            return False
        self._events[heard.headers["webhook-id"]].add(json.loads(heard.body)["type"])
        return True
