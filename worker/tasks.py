"""The Celery task: turns a hint into a claim, when this process may claim.

A hint that finds nothing is harmless. A process that may not claim keeps its task threads waiting
here, the hint unacknowledged, and gives it back when it drains.
"""

import logging
from collections.abc import Mapping

from celery import Celery
from celery.exceptions import Reject

from common import log
from common.errors import StoreUnavailable
from common.jobstore.leases import Claim, Leases, NoClaim, new_token
from common.queue.hints import TASK_NAME
from worker.claiming.gate import Gate
from worker.claiming.holdings import Holdings
from worker.engine.model import Model
from worker.rendering import Renderer

_log = logging.getLogger(__name__)

LOOK_AGAIN_S = 0.5


class Draining(Exception):
    """Raised when this process claims nothing any more."""


class Claimer:
    """Claims for the task threads of one process.

    Args:
        leases: The job store's verbs for this process.
        models: What it serves, by line.
        holdings: What it holds.
        gate: Whether it may claim.
    """

    def __init__(
        self, *, leases: Leases, models: Mapping[str, Model], holdings: Holdings, gate: Gate
    ) -> None:
        self._leases = leases
        self._models = models
        self._holdings = holdings
        self._gate = gate

    def claim(self, line: str) -> Claim | None:
        """Take the head of a line as soon as this process may; None when the line is empty.

        Raises:
            Draining: The process stops.
        """
        # One token until a render is ours: a call whose answer is late may have taken one already.
        token = new_token()
        while True:
            if not self._gate.wait_until_open():
                raise Draining
            seconds_per_mp = self._models[line].seconds_per_mp
            try:
                found = self._leases.claim(line, seconds_per_mp=seconds_per_mp, token=token)
            except StoreUnavailable:
                self._gate.pause(LOOK_AGAIN_S)
                continue
            if isinstance(found, Claim):
                return found
            if found is NoClaim.EMPTY:
                return None
            self._gate.pause(LOOK_AGAIN_S)


def add_render_task(
    app: Celery, *, claimer: Claimer, renderer: Renderer, holdings: Holdings
) -> None:
    """Register the task that hints are addressed to."""

    def render(line: str, key: str) -> None:
        """Follow a hint: claim what is at the head of the line now and render it."""
        try:
            claim = claimer.claim(line)
        except Draining:
            raise Reject("draining", requeue=True) from None
        if claim is None:
            _log.debug("hint found nothing", extra={"hint": key})
            return
        log.render_key.set(claim.key)
        log.job_id.set(claim.job_id)
        _log.info("claimed", extra={"attempt": claim.attempt, "suspect": claim.is_suspect})
        try:
            renderer.run(holdings.add(claim), line)
        finally:
            log.render_key.set(None)
            log.job_id.set(None)

    app.task(name=TASK_NAME)(render)
