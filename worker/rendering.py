"""Rendering: takes one claim from stored photo to stored picture, stage by stage.

Every outcome is recorded in the job store: completed, failed, released or abandoned. Between stages
it checks whether the lease is lost, or no job waits for the render any more.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch

from common.errors import (
    InternalError,
    RenderError,
    StorageError,
    StorageUnavailable,
    StoreUnavailable,
)
from common.jobs import Output, Stage
from common.jobstore.leases import Leases, Verdict
from common.objects.base import ObjectStore
from worker.claiming.gate import Gate
from worker.claiming.holdings import Held, Holdings
from worker.engine.engine import Engine, Rendered
from worker.engine.model import Model
from worker.images.blend import blend, crop, pad_to_multiple
from worker.images.decode import Decoder
from worker.images.encode import Encoder, encode

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")

# The job store comes back by itself; until then the outcome is kept and sent again.
STORE_PAUSE_S = 0.5
STORE_PATIENCE_S = 60.0


class LeaseGone(Exception):
    """Raised between stages: this attempt is no longer ours, or no job waits for it."""


@dataclass(slots=True)
class Timings:
    """Milliseconds of each stage, as `metrics.stages` shows them."""

    stages_ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Add the duration of the block under `NAME_ms`."""
        began_s = time.perf_counter()
        yield
        self.stages_ms[f"{name}_ms"] = round((time.perf_counter() - began_s) * 1000, 2)


class Renderer:
    """Renders claims, stage by stage. Used by all task threads at once.

    Args:
        leases: The job store's verbs for this process.
        objects: Where photos and pictures lie.
        decoder: Turns bytes into pixels.
        engine: Runs the models.
        models: Loaded models by line.
        holdings: What this process holds.
        gate: Success and failure are reported to it.
        device_name: What `execution.device` says.
        encoder: Turns finished pixels into bytes.
    """

    def __init__(
        self,
        *,
        leases: Leases,
        objects: ObjectStore,
        decoder: Decoder,
        engine: Engine,
        models: Mapping[str, Model],
        holdings: Holdings,
        gate: Gate,
        device_name: str,
        encoder: Encoder = encode,
    ) -> None:
        self._leases = leases
        self._objects = objects
        self._decoder = decoder
        self._engine = engine
        self._models = models
        self._holdings = holdings
        self._gate = gate
        self._device_name = device_name
        self._encoder = encoder

    def run(self, held: Held, line: str) -> None:
        """Render a claim; returns when its outcome is recorded, or when it is no longer ours."""
        # The cores belong to the engine's lanes. A task's own threads would spin on them after each
        # small step, waiting for the next.
        torch.set_num_threads(1)
        try:
            verdict = self._render(held, self._models[line])
            _log.info("render ended", extra={"verdict": verdict, "attempt": held.claim.attempt})
            self._gate.note_success()
        except LeaseGone:
            _log.info("render left", extra={"lost": held.lost.is_set()})
        except RenderError as error:
            self._fail(held, error)
        except Exception as error:  # nothing may leave a job without an end
            _log.exception("render failed in an unforeseen way")
            self._fail(held, _caused_by(error))
        finally:
            self._holdings.remove(held)

    def _render(self, held: Held, model: Model) -> Verdict:
        timings, claim = Timings(), held.claim
        self._enter(held, Stage.FETCHING)
        with timings.measure("fetch"), _storage():
            data = self._objects.get(claim.input_name)
        self._enter(held, Stage.DECODING)
        with timings.measure("decode"):
            photo = self._decoder.decode(data, claim.params.size)
        self._enter(held, Stage.RENDERING)
        height, width = photo.pixels.shape[1:]
        padded = pad_to_multiple(photo.pixels, model.multiple_px)
        rendered = self._engine.render(model.line, claim.key, padded)
        timings.stages_ms["wait_ms"] = round(rendered.wait_ms, 2)
        timings.stages_ms["forward_ms"] = round(rendered.forward_ms, 2)
        self._enter(held, Stage.ENCODING)
        with timings.measure("encode"):
            picture = blend(
                photo.pixels, crop(rendered.cartoon, height, width), claim.params.strength
            )
            encoded = self._encoder(
                picture,
                photo.alpha,
                picture_format=claim.params.format,
                quality=claim.params.quality,
            )
        self._enter(held, Stage.STORING)
        output = Output(
            name=claim.output_name,
            content_type=claim.params.format.content_type,
            width=width,
            height=height,
            size_bytes=len(encoded),
            sha256=hashlib.sha256(encoded).hexdigest(),
        )
        with timings.measure("store"), _storage():
            self._objects.put(output.name, encoded, content_type=output.content_type)
        return self._complete(held, output, self._execution(model, rendered), timings)

    def _complete(
        self, held: Held, output: Output, execution: dict[str, Any], timings: Timings
    ) -> Verdict:
        return self._patiently(
            lambda: self._leases.complete(
                held.claim, output, execution=execution, stages_ms=timings.stages_ms
            )
        )

    def _execution(self, model: Model, rendered: Rendered) -> dict[str, Any]:
        return {
            "device": self._device_name,
            "model": model.style.card.name,
            "model_digest": model.style.card.model_digest,
            "precision": model.precision.value,
            "batch_size": rendered.batch_size,
            "tiled": rendered.tiled,
            "degraded": list(model.style.degraded),
        }

    def _enter(self, held: Held, stage: Stage) -> None:
        """Go on to the next stage, unless the attempt is no longer ours or no job waits for it."""
        if held.lost.is_set():
            raise LeaseGone
        if held.unwanted.is_set():
            # Asked at this very moment: a job may have joined since the last renewal.
            if self._patiently(lambda: self._leases.abandon(held.claim)) is not Verdict.WANTED:
                raise LeaseGone
            held.unwanted.clear()
        held.stage = stage

    def _fail(self, held: Held, error: RenderError) -> None:
        self._gate.note_failure(error)
        if held.lost.is_set():
            return
        try:
            verdict = self._patiently(lambda: self._leases.fail(held.claim, error))
        except StoreUnavailable:
            _log.warning("failure not recorded: the lease will run out", extra={"code": error.code})
            return
        _log.warning(
            "render failed: %s",
            error.__cause__ or error,
            extra={"code": error.code, "verdict": verdict, "attempt": held.claim.attempt},
        )

    @staticmethod
    def _patiently(verb: Callable[[], _Answer]) -> _Answer:
        """Call a verb of the job store until it answers, for at most a minute."""
        deadline_s = time.monotonic() + STORE_PATIENCE_S
        while True:
            try:
                return verb()
            except StoreUnavailable:
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(STORE_PAUSE_S)


@contextmanager
def _storage() -> Iterator[None]:
    """Turn a storage that does not answer into a failed attempt."""
    try:
        yield
    except StorageUnavailable as error:
        raise StorageError from error


def _caused_by(error: Exception) -> RenderError:
    failure = InternalError()
    failure.__cause__ = error
    return failure
