"""Metrics: the job store's view of the whole service, in the Prometheus text format.

Nothing is counted in this process, so every API process returns the same, restarted or not.
"""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from common import metrics as names
from common.jobs import TERMINAL, CacheStatus, JobStatus
from common.jobstore.histogram import Histogram
from common.jobstore.outbox import Sending
from common.jobstore.overview import Line, Overview
from common.jobstore.webhooks import WebhookStatus

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
STATES = ("starting", "ready", "sick", "draining")


def render(load: Callable[[], Overview]) -> bytes:
    """Render all metrics from one overview.

    Raises:
        StoreUnavailable: The job store is unavailable.
    """
    registry = CollectorRegistry()
    registry.register(_OverviewCollector(load()))
    return generate_latest(registry)


class _OverviewCollector(Collector):
    """An overview as metrics."""

    def __init__(self, overview: Overview) -> None:
        self._overview = overview

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        yield from _jobs(self._overview)
        yield from _renders(self._overview.counts)
        yield from _lines(self._overview.lines)
        yield from _totals(self._overview)
        yield from _webhooks(self._overview)
        yield from _eta_errors(self._overview.eta_errors)
        yield _histogram(
            names.PICTURE,
            "Seconds from a render's first submission until its picture was there.",
            self._overview.took,
        )


def _counter(name: str, help_text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, help_text, value=value)


def _jobs(overview: Overview) -> Iterator[Metric]:
    counts = overview.counts
    jobs = GaugeMetricFamily(names.JOBS, "Job records, by status.", labels=["status"])
    for status in JobStatus:
        jobs.add_metric([status], overview.states.get(status, 0))
    yield jobs
    yield _counter(names.JOBS_SUBMITTED, "Jobs accepted.", counts.get("jobs_submitted", 0))
    ended = CounterMetricFamily(names.JOBS_ENDED, "Runs ended, by status.", labels=["status"])
    for status in sorted(TERMINAL):
        ended.add_metric([status], counts.get(f"jobs_{status}", 0))
    yield ended
    failed = CounterMetricFamily(names.JOBS_FAILED, "Failed runs, by cause.", labels=["code"])
    for name, value in sorted(counts.items()):
        if name.startswith("failed_"):
            failed.add_metric([name.removeprefix("failed_")], value)
    yield failed
    cache = CounterMetricFamily(names.CACHE, "Submissions, by cache status.", labels=["status"])
    for cache_status in CacheStatus:
        cache.add_metric([cache_status], counts.get(f"cache_{cache_status}", 0))
    yield cache


def _renders(counts: Mapping[str, int]) -> Iterator[Metric]:
    for name, field, help_text in (
        (names.BATCHES, "batches_begun", "Batches that were begun to be received."),
        (names.OUTPUTS_VANISHED, "outputs_vanished", "Pictures found gone from the storage."),
        (names.RENDERS_DONE, "renders_done", "Renders finished."),
        (names.RENDERS_FAILED, "renders_failed", "Renders that ended without a picture."),
        (names.ATTEMPTS_LOST, "attempts_lost", "Attempts lost with their worker."),
        (names.ATTEMPTS_FAILED, "attempts_failed", "Attempts that failed."),
        (names.RECORDS_BROKEN, "records_broken", "Records that were gone while in use."),
    ):
        yield _counter(name, help_text, counts.get(field, 0))


def _lines(lines: tuple[Line, ...]) -> Iterator[Metric]:
    labels = ["style", "version"]
    workers = GaugeMetricFamily(
        names.WORKERS, "Living workers, by style version and state.", labels=[*labels, "state"]
    )
    waiting = GaugeMetricFamily(names.LINE_WAITING, "Renders waiting.", labels=labels)
    cost = GaugeMetricFamily(names.LINE_WAITING_MEGAPIXELS, "Megapixels waiting.", labels=labels)
    pace = GaugeMetricFamily(
        names.LINE_SECONDS_PER_MEGAPIXEL,
        "Seconds per megapixel of all ready workers together.",
        labels=labels,
    )
    for line in lines:
        version = [line.style, line.version]
        for state in STATES:
            count = sum(member.state == state for member in line.crew)
            workers.add_metric([*version, state], count)
        waiting.add_metric(version, line.waiting)
        cost.add_metric(version, line.waiting_px / 1e6)
        rate = sum(1 / worker.seconds_per_mp for worker in line.ready if worker.seconds_per_mp > 0)
        if rate:
            pace.add_metric(version, 1 / rate)
    yield from (workers, waiting, cost, pace)


def _totals(overview: Overview) -> Iterator[Metric]:
    for name, help_text, value in (
        (names.LEASES, "Renders being worked on.", overview.leases),
        (names.DELAYED, "Renders in a pause before another attempt.", overview.delayed),
        (names.DOOMED_OBJECTS, "Objects to be deleted.", overview.doomed + overview.deleting),
        (names.DEAD_LETTERS, "Jobs in the dead-letter list.", overview.dead),
        (names.REDIS_MEMORY_SHARE, "Used share of Redis' memory limit.", overview.memory_share),
    ):
        yield GaugeMetricFamily(name, help_text, value=value)
    yield _counter(names.REAPER_PAUSES, "Pauses of the reaper over 3 s.", overview.reaper_pauses)


def _webhooks(overview: Overview) -> Iterator[Metric]:
    ended = CounterMetricFamily(names.WEBHOOKS, "Webhooks ended, by status.", labels=["status"])
    for status in WebhookStatus:
        if status is not WebhookStatus.WAITING:
            ended.add_metric([status], overview.counts.get(f"webhooks_{status}", 0))
    attempts = CounterMetricFamily(
        names.WEBHOOK_ATTEMPTS, "Attempts to send webhooks, by outcome.", labels=["outcome"]
    )
    for outcome in Sending:
        attempts.add_metric([outcome], overview.counts.get(f"webhook_attempts_{outcome}", 0))
    yield from (ended, attempts)
    yield GaugeMetricFamily(
        names.WEBHOOKS_WAITING, "Webhooks on their way.", value=overview.webhooks_waiting
    )
    yield GaugeMetricFamily(
        names.WEBHOOKS_DUE, "Webhooks whose time to be sent has come.", value=overview.webhooks_due
    )


def _eta_errors(errors: Histogram) -> Iterator[Metric]:
    """Yield how far off the ETAs were; the quantile covers all renders ever."""
    yield _histogram(
        names.ETA_ERROR, "Seconds between a picture's end and what its submission was told.", errors
    )
    p90_s = errors.quantile(0.9)
    if p90_s is not None:
        help_text = "Nine of ten ETAs were off by no more than this."
        yield GaugeMetricFamily(names.ETA_ERROR_P90, help_text, value=p90_s)


def _histogram(name: str, help_text: str, histogram: Histogram) -> HistogramMetricFamily:
    bounds = [*map(str, histogram.bounds_s), "+Inf"]
    buckets = list(zip(bounds, histogram.cumulative, strict=True))
    return HistogramMetricFamily(name, help_text, buckets=buckets, sum_value=histogram.sum_s)
