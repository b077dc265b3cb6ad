"""Serving: joins all parts of a worker process, loads and warms its models, and follows hints."""

import logging
import os
import secrets
import time

import torch
from celery import Celery, signals

from common.jobstore import JobStore
from common.jobstore.leases import Leases
from common.objects.base import ObjectStore
from common.objects.factory import make_bucket, open_store
from common.queue.celery_app import make_celery
from common.queue.hints import HintPublisher, queue_of
from common.settings import Settings
from worker.claiming.drain import Drain
from worker.claiming.gate import Gate
from worker.claiming.health import HealthMonitor
from worker.claiming.heartbeat import Heartbeat
from worker.claiming.holdings import Holdings
from worker.engine.calibration import calibrate
from worker.engine.devices import CpuDevice, Device
from worker.engine.engine import Engine
from worker.engine.model import Model
from worker.engine.model_catalog import find_models
from worker.images.nvjpeg import encoder_for
from worker.rendering import Renderer
from worker.sandbox.limits import DecoderLimits
from worker.sandbox.pool import DecoderPool
from worker.tasks import Claimer, add_render_task
from worker.warm_up import warm_up

_log = logging.getLogger(__name__)

STORAGE_TIMEOUT_S = 30.0
STORAGE_ATTEMPTS = 3
STORE_TIMEOUT_S = 5.0
PROBE_SIDE_PX = 64
# Decoding a photo takes one core; processes that do take some 40 MB each when idle.
MOST_CODEC_PROCESSES = 16


def serve(settings: Settings, name: str, place: torch.device) -> None:
    """Load the models and follow hints until told to stop.

    Args:
        settings: The process's settings.
        name: The worker's name, for people.
        place: Where the models live.

    Raises:
        CelshadeError: It cannot start; the text says why.
    """
    cores = settings.worker_threads or torch.get_num_threads()  # those we may run on
    torch.set_num_threads(cores)
    device = open_device(place, cores)
    store = JobStore.from_settings(settings, timeout_s=STORE_TIMEOUT_S)
    leases = store.leases(f"{name}-{secrets.token_hex(4)}")
    models = find_models(settings.extra_styles, settings.styles_dir, settings.styles)
    gate = Gate()
    holdings = Holdings(on_change=gate.stir)
    heart = Heartbeat(
        leases=leases,
        name=name,
        device_name=device.name,
        models=models,
        holdings=holdings,
        gate=gate,
        every_s=settings.renew_every_s,
        least_limit_s=settings.execution_limit_s,
    )
    heart.start()
    decoders = settings.decode_processes or min(cores, MOST_CODEC_PROCESSES)
    decoder = DecoderPool(DecoderLimits.of(settings), decoders)
    decoder.start()
    _load(models, device, settings)
    threads = 2 * max(model.concurrency(device.lanes) for model in models.values())
    objects = _open_objects(settings, threads)
    engine = Engine(models, lanes=device.lanes, threads=cores, on_loss=heart.end_without_device)
    engine.start(warm=True)
    encoder = encoder_for(device.place)
    warm_up(decoder, encoder, decoders)
    renderer = Renderer(
        leases=leases,
        objects=objects,
        decoder=decoder,
        engine=engine,
        models=models,
        holdings=holdings,
        gate=gate,
        device_name=device.name,
        encoder=encoder,
    )
    HealthMonitor(gate, [objects.probe, decoder.probe, lambda: _try_models(models, engine)]).start()
    app = make_celery(settings)
    claimer = Claimer(leases=leases, models=models, holdings=holdings, gate=gate)
    add_render_task(app, claimer=claimer, renderer=renderer, holdings=holdings)
    _drain_on_stop(settings, app, gate=gate, holdings=holdings, leases=leases, lines=list(models))
    heart.watch(engine)
    _consume(app, name, list(models), threads)


def open_device(place: torch.device, cores: int) -> Device:
    """Return the device of the engine at a place; a CPU with so many cores."""
    if place.type == "cpu":
        return CpuDevice(cores)
    # Imported here: nothing of it is of use on a machine without a GPU.
    from worker.engine.cuda import CudaDevice  # noqa: PLC0415 - see above

    return CudaDevice(place)


def _load(models: dict[str, Model], device: Device, settings: Settings) -> None:
    memory_mb = settings.forward_memory_mb
    for model in models.values():
        began_s = time.perf_counter()
        calibrate(
            model,
            device,
            max_batch=settings.max_batch,
            memory_bytes=memory_mb * 1_000_000 if memory_mb else None,
        )
        _log.info("model ready in %.1f s: %r", time.perf_counter() - began_s, model)


def _open_objects(settings: Settings, connections: int) -> ObjectStore:
    make_bucket(settings, timeout_s=STORAGE_TIMEOUT_S)
    return open_store(
        settings, timeout_s=STORAGE_TIMEOUT_S, attempts=STORAGE_ATTEMPTS, connections=connections
    )


def _drain_on_stop(
    settings: Settings,
    app: Celery,
    *,
    gate: Gate,
    holdings: Holdings,
    leases: Leases,
    lines: list[str],
) -> None:
    """Give back what cannot be finished when Celery is told to stop."""
    drain = Drain(
        gate=gate,
        holdings=holdings,
        leases=leases,
        hints=HintPublisher(app),
        lines=lines,
        patience_s=settings.drain_s,
    )
    signals.worker_shutting_down.connect(lambda **_: drain.begin(), weak=False)


def _consume(app: Celery, name: str, lines: list[str], threads: int) -> None:
    """Follow hints until told to stop."""
    signals.setup_logging.connect(lambda **_: None, weak=False)  # ours stands already
    app.conf.update(
        task_queues=[queue_of(line) for line in lines],
        worker_pool="threads",
        worker_concurrency=threads,
        worker_redirect_stdouts=False,
    )
    app.Worker(
        hostname=f"{name}@{os.uname().nodename}",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    ).start()


def _try_models(models: dict[str, Model], engine: Engine) -> None:
    """Run every model once through the engine; raises what it raises."""
    for model in models.values():
        multiple = model.multiple_px
        side = multiple * -(-PROBE_SIDE_PX // multiple)
        engine.render(model.line, "", torch.zeros((3, side, side), dtype=torch.uint8))
