"""A worker driven by hand: a test says when it claims, and how its attempt ends.

It uses the very verbs of the real worker and stores real pictures; it only draws none.
"""

import hashlib
import io
import json
import threading
import time
from dataclasses import dataclass

from PIL import Image

from common.errors import RenderError
from common.jobs import Output, Stage
from common.jobstore import JobStore
from common.jobstore.leases import Claim, LineOffer, Verdict, WorkerState
from common.objects.base import ObjectStore
from common.renders import work_size
from common.styles import line_of

STYLE = "flat"
EXECUTION = {
    "device": "hand",
    "model": STYLE,
    "model_digest": "0" * 64,
    "precision": "float32",
    "batch_size": 1,
    "tiled": False,
    "degraded": [],
}
STAGES_MS = {
    "fetch_ms": 1.0,
    "decode_ms": 2.0,
    "wait_ms": 3.0,
    "forward_ms": 4.0,
    "encode_ms": 5.0,
    "store_ms": 6.0,
}


@dataclass
class HandWorker:
    """A worker of one style version.

    Attributes:
        store: The job store.
        objects: Where pictures lie.
        style: Name of its style.
        version: The version it serves.
        card: What it says of its style.
        seconds_per_mp: The pace it claims to have.
    """

    store: JobStore
    objects: ObjectStore
    style: str = STYLE
    version: str = "v1"
    card: dict[str, object] | None = None
    seconds_per_mp: float = 0.5

    @property
    def line(self) -> str:
        """The line it claims from."""
        return line_of(self.style, self.version)

    def beat(self, state: WorkerState = WorkerState.READY) -> None:
        """Say that it is there."""
        card = self.card or {"title": self.style.title(), "description": "One colour."}
        offer = LineOffer(
            self.line, self.style, self.version, json.dumps(card), self.seconds_per_mp, 4
        )
        self._leases.heartbeat(name="hand", device="hand", state=state, offers=[offer])

    def leave(self) -> None:
        """Say good-bye."""
        self._leases.leave([self.line])

    def claim(self) -> Claim:
        """Take the head of the line, which must not be empty."""
        claim = self._leases.claim(self.line, seconds_per_mp=self.seconds_per_mp)
        assert isinstance(claim, Claim), claim
        return claim

    def line_is_empty(self) -> bool:
        """Whether there is nothing to claim."""
        return not isinstance(
            self._leases.claim(self.line, seconds_per_mp=self.seconds_per_mp), Claim
        )

    def at(self, claim: Claim, stage: Stage) -> None:
        """Say how far it is."""
        self._leases.renew([(claim, stage)])

    def finish(self, claim: Claim) -> bytes:
        """Store a picture of the right size, commit it, and return its bytes."""
        picture, verdict = self._store(claim)
        assert verdict is Verdict.COMMITTED
        return picture

    def _store(self, claim: Claim) -> tuple[bytes, Verdict]:
        with Image.open(io.BytesIO(self.objects.get(claim.input_name))) as source:
            size = work_size(*source.size, claim.params.size)
        file = io.BytesIO()
        Image.new("RGB", size, "navy").save(file, claim.params.format.value)
        picture = file.getvalue()
        self.objects.put(claim.output_name, picture, content_type=claim.params.format.content_type)
        output = Output(
            name=claim.output_name,
            content_type=claim.params.format.content_type,
            width=size[0],
            height=size[1],
            size_bytes=len(picture),
            sha256=hashlib.sha256(picture).hexdigest(),
        )
        verdict = self._leases.complete(claim, output, execution=EXECUTION, stages_ms=STAGES_MS)
        return picture, verdict

    def fail(self, claim: Claim, error: RenderError) -> Verdict:
        """End the attempt without a picture."""
        return self._leases.fail(claim, error)

    def work_once(self) -> bytes:
        """Claim, draw, commit."""
        return self.finish(self.claim())

    def work_until(self, stopping: threading.Event) -> None:
        """Draw whatever comes, one after the other, until told to stop.

        What it has claimed may be canceled before it is drawn.
        """
        beaten_s = float("-inf")
        while not stopping.wait(0.02):
            if time.monotonic() - beaten_s > 1.0:
                self.beat()
                beaten_s = time.monotonic()
            found = self._leases.claim(self.line, seconds_per_mp=self.seconds_per_mp)
            if isinstance(found, Claim):
                assert self._store(found)[1] in (Verdict.COMMITTED, Verdict.UNWANTED)

    def __post_init__(self) -> None:
        self._leases = self.store.leases(f"hand-{self.version}")
