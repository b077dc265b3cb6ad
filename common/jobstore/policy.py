"""The policy: the figures that the job store's scripts use, derived from the settings."""

import math
from dataclasses import dataclass

from common.errors import ExecutionTimeout, InternalError, RenderError, WorkerLost
from common.settings import Settings

ATTEMPTS = 3
DELAYS_S = (2.0, 10.0)
# These repeat themselves: final causes always, and for a while what killed three workers.
REMEMBERED_CODES = ("decode_failed", "out_of_memory", "worker_lost", "execution_timeout")
DAY_MS = 86_400_000
# Pauses before the second, third ... attempt to send a webhook, as Standard Webhooks proposes.
WEBHOOK_DELAYS_S = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0)
WEBHOOK_JITTER = (1.0, 1.1)  # factor of a pause, least and most
LEASE_MARGIN_S = 5.0  # a webhook's lease beyond its timeout: to read its job, record its outcome
TIME_BOUNDS_MS = (100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


@dataclass(frozen=True, slots=True)
class Policy:
    """The scripts' figures; times in milliseconds.

    Attributes:
        attempts: Most counted attempts of a render.
        delays_ms: Pause after the first, second ... retryable failure.
        upload_ms: Life of a name reserved for an upload or an output.
        link_grace_ms: How long bytes outlive the last signed link to them.
        gap_ms: Pause of the reaper above which live workers may renew first.
        alive_ms: Age of a heartbeat up to which a worker counts as alive.
        process_ms: Life of a silent process's own keys.
        exact_places: Places ahead whose cost is summed exactly for the ETA.
        list_scan: Most records that one page of a list reads.
        day_px_max: Pixels at work size that a caller may have rendered in a day; 0 for no limit.
        service_day_px_max: The same for all callers together.
        pass_over: How many further renders are tried by a process that failed with the first.
        promise_places: As `exact_places`, when a submission is recorded.
        batch_ms: Life of a batch's record: as long as those of its jobs.
        receive_ms: How long a batch lasts without renewal while it is being received.
        check_ms: How long a picture counts as present after a check of the storage.
        looking_ms: How long one process has for that check before another may.
        images_max: Most images that a caller keeps.
        minute_ms: Life of the counters recorded each minute.
        time_bounds_ms: Upper bounds of the buckets of times.
        span_ms: A deadline further off was set before a step of the clock. Far over the longest
            of the settings, which may be shortened while jobs wait.
        doomed_ms: As `span_ms`, for the deletion of objects without holders: longer than an
            upload's life and any execution limit.
        holds_most: How many gaps in a row the reaper waits for, each a lease long.
        endpoint_ms: Life of a webhook's address since its last submission or event.
        webhook_lease_ms: How long a keeper has to send a webhook and to record the outcome.
        webhook_caller_max: Webhooks of one caller that are sent at once.
        webhook_log_ms: Life of a webhook's record once it has ended.
        webhook_log_max: Most entries of a caller's log.
        webhook_overlap_ms: How long a rotated secret signs beside the new one.
        webhook_delays_ms: Pause after the first, second ... attempt to send a webhook.
        webhook_jitter_max: The largest factor of these pauses.
        webhook_way_ms: Longest time that all attempts of a webhook can take.
        webhook_pause_ms: Pause before a caller whose share is being sent is tried again.
        webhook_look: Most due webhooks, or callers, that one claim passes over.
        webhook_lost_max: How many keepers may be lost with a webhook before it is given up.
        webhook_attempts_kept: Attempts of a webhook that its log keeps.
        webhook_off_max: Most disabled addresses of a caller that are remembered.
        webhook_secret_ms: Life of a caller's unused secret.
    """

    lease_ms: int
    renew_ms: int
    limit_ms: int
    retention_ms: int
    record_ms: int
    idempotency_ms: int
    failure_ms: int
    dead_max: int
    dead_ms: int
    unseen_ms: int
    memory_guard: float
    open_max: int
    open_caller_max: int
    attached_max: int
    alive_ms: int
    day_px_max: int
    service_day_px_max: int
    batch_ms: int
    endpoint_ms: int
    webhook_lease_ms: int
    webhook_caller_max: int
    webhook_log_ms: int
    webhook_log_max: int
    webhook_overlap_ms: int
    attempts: int = ATTEMPTS
    delays_ms: tuple[int, ...] = tuple(_ms(delay) for delay in DELAYS_S)
    upload_ms: int = 3_600_000
    link_grace_ms: int = 60_000
    gap_ms: int = 3_000
    process_ms: int = 60_000
    exact_places: int = 1_000
    list_scan: int = 1_000
    pass_over: int = 32
    promise_places: int = 50
    receive_ms: int = 60_000
    check_ms: int = 3_600_000
    looking_ms: int = 10_000
    images_max: int = 1_000
    time_bounds_ms: tuple[int, ...] = TIME_BOUNDS_MS
    minute_ms: int = 62 * 60_000
    span_ms: int = 7 * DAY_MS
    doomed_ms: int = DAY_MS
    holds_most: int = 3
    webhook_delays_ms: tuple[int, ...] = tuple(map(_ms, WEBHOOK_DELAYS_S))
    webhook_jitter_max: float = WEBHOOK_JITTER[1]
    webhook_way_ms: int = DAY_MS
    webhook_pause_ms: int = 250
    webhook_look: int = 20
    webhook_lost_max: int = 10
    webhook_attempts_kept: int = 10
    webhook_off_max: int = 1_000
    webhook_secret_ms: int = 400 * DAY_MS

    @classmethod
    def from_settings(cls, settings: Settings) -> "Policy":
        """Derive the figures from the settings."""
        return cls(
            lease_ms=_ms(settings.lease_s),
            renew_ms=_ms(settings.renew_every_s),
            limit_ms=_ms(settings.execution_limit_s),
            retention_ms=_ms(settings.retention_s),
            record_ms=_ms(settings.job_record_s),
            idempotency_ms=_ms(settings.idempotency_s),
            failure_ms=_ms(settings.remembered_failure_s),
            dead_max=settings.dead_letters,
            dead_ms=_ms(settings.dead_letter_s),
            unseen_ms=_ms(settings.version_unseen_s),
            memory_guard=settings.memory_guard,
            open_max=settings.max_open_jobs,
            open_caller_max=settings.max_open_jobs_per_caller,
            attached_max=settings.max_attached_jobs,
            alive_ms=_ms(settings.lease_s),
            batch_ms=_ms(settings.deadline_s + settings.job_record_s),
            endpoint_ms=_ms(settings.deadline_s + settings.job_record_s) + DAY_MS,
            webhook_lease_ms=_ms(settings.webhook_timeout_s + LEASE_MARGIN_S),
            webhook_caller_max=max(1, settings.webhook_threads // 8),
            webhook_log_ms=_ms(settings.webhook_log_s),
            webhook_log_max=settings.webhook_log_entries,
            webhook_overlap_ms=_ms(settings.webhook_overlap_s),
            day_px_max=math.ceil((settings.megapixels_per_day or 0) * 1e6),
            service_day_px_max=math.ceil((settings.megapixels_per_day_of_service or 0) * 1e6),
            span_ms=max(7 * DAY_MS, 2 * _ms(settings.deadline_s)),
        )


def sentences() -> dict[str, str]:
    """Return the messages of jobs whose renders the scripts end, by code."""
    causes: tuple[type[RenderError], ...] = (WorkerLost, ExecutionTimeout, InternalError)
    return {cause.code: cause.default for cause in causes}
