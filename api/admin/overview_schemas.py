"""Overview schemas: lines, callers, workers and the last hour, for operators. Pure."""

from collections.abc import Iterable, Sequence

from pydantic import Field

from common.jobs import CacheStatus, JobStatus
from common.jobstore.histogram import Histogram
from common.jobstore.hourly_stats import Minute
from common.jobstore.overview import CrewMember, Line, Overview, Queue, WaitingCallers
from common.schemas.base import Body, Moment, moment

MOST_CALLERS = 50  # listed; the page shows no more


class WaitingCallerBody(Body):
    """A caller in a line."""

    caller: str
    waiting: int = Field(description="Of the renders that were looked at.")


class LineOverviewBody(Body):
    """A style version and who waits for it."""

    style: str
    version: str
    waiting: int = Field(description="Renders in line.")
    waiting_megapixels: float
    counted: int = Field(description="How many of them were looked at to name their callers.")
    callers: list[WaitingCallerBody] = Field(description="Most waiting first.")

    @classmethod
    def of(cls, line: Line, queue: Queue | None) -> "LineOverviewBody":
        """Build the body of a line."""
        callers = sorted(
            (queue.callers if queue else {}).items(), key=lambda one: (-one[1], one[0])
        )
        return cls(
            style=line.style,
            version=line.version,
            waiting=line.waiting,
            waiting_megapixels=round(line.waiting_px / 1e6, 1),
            counted=queue.counted if queue else 0,
            callers=[
                WaitingCallerBody(caller=caller, waiting=number)
                for caller, number in callers[:MOST_CALLERS]
            ],
        )


class CallerOpenJobsBody(Body):
    """A caller with open jobs."""

    caller: str
    open_jobs: int


class WorkerBody(Body):
    """A living worker process."""

    name: str
    process: str
    device: str
    state: str = Field(description="`starting`, `ready`, `sick` or `draining`.")
    models: list[str] = Field(description="What it serves, `style version` each.")
    max_batch: int = Field(description="Most photos of one forward.")
    batch_size: float | None = Field(description="Mean photos of its last forwards.")
    busy_share: float = Field(description="Share of the last 15 s in which its device worked.")


class MinuteBody(Body):
    """What happened in a minute: longer where no keeper ran, the last one shorter."""

    began_at: Moment
    seconds: float
    submissions: int
    hits: int
    joined: int
    pictures: int = Field(description="Pictures that were rendered.")
    failed: int = Field(description="Jobs that failed.")
    waiting: int = Field(description="Renders in line as it began.")
    running: int = Field(description="Renders being worked on as it began.")
    p50_seconds: float | None = Field(description="From submission to picture: half took less.")
    p95_seconds: float | None

    @classmethod
    def of(cls, minute: Minute) -> "MinuteBody":
        """Build the body of a minute."""
        return cls(
            began_at=moment(minute.began_ms),
            seconds=minute.length_s,
            submissions=sum(minute.submitted.values()),
            hits=minute.submitted[CacheStatus.HIT],
            joined=minute.submitted[CacheStatus.JOINED],
            pictures=minute.renders_done,
            failed=minute.ended[JobStatus.FAILED],
            waiting=minute.waiting,
            running=minute.running,
            p50_seconds=minute.took.quantile(0.5),
            p95_seconds=minute.took.quantile(0.95),
        )


class HourBody(Body):
    """The last hour in all, and its minutes, the oldest first."""

    submissions: int
    hit_rate: float | None = Field(description="Share of submissions that were hits.")
    pictures: int
    failed: int
    p50_seconds: float | None = Field(description="From submission to picture: half took less.")
    p95_seconds: float | None
    minutes: list[MinuteBody]

    @classmethod
    def of(cls, minutes: Sequence[Minute]) -> "HourBody":
        """Sum up the minutes."""
        bodies = [MinuteBody.of(minute) for minute in minutes]
        submissions = sum(body.submissions for body in bodies)
        took = _sum(minute.took for minute in minutes)
        return cls(
            submissions=submissions,
            hit_rate=sum(body.hits for body in bodies) / submissions if submissions else None,
            pictures=sum(body.pictures for body in bodies),
            failed=sum(body.failed for body in bodies),
            p50_seconds=took.quantile(0.5),
            p95_seconds=took.quantile(0.95),
            minutes=bodies,
        )


class OverviewBody(Body):
    """The whole service at one look."""

    now: Moment
    lines: list[LineOverviewBody]
    callers: list[CallerOpenJobsBody] = Field(
        description="Those with open jobs, most first, 50 at most."
    )
    workers: list[WorkerBody]
    running: int = Field(description="Renders being worked on.")
    delayed: int = Field(description="Renders in a pause before another attempt.")
    dead: int = Field(description="Dead letters.")
    memory_share: float = Field(description="Used share of Redis' memory limit, 0 to 1.")
    hour: HourBody

    @classmethod
    def of(
        cls, overview: Overview, waiting: WaitingCallers, minutes: Sequence[Minute]
    ) -> "OverviewBody":
        """Build the body of the overview."""
        callers = sorted(waiting.open_jobs.items(), key=lambda one: (-one[1], one[0]))
        return cls(
            now=moment(overview.now_ms),
            lines=[
                LineOverviewBody.of(line, waiting.lines.get(line.name)) for line in overview.lines
            ],
            callers=[
                CallerOpenJobsBody(caller=caller, open_jobs=number)
                for caller, number in callers[:MOST_CALLERS]
            ],
            workers=_workers(overview.lines),
            running=overview.leases,
            delayed=overview.delayed,
            dead=overview.dead,
            memory_share=overview.memory_share,
            hour=HourBody.of(minutes),
        )


def _workers(lines: Sequence[Line]) -> list[WorkerBody]:
    """Return each live process once, with all models it serves."""
    models: dict[str, list[str]] = {}
    members: dict[str, CrewMember] = {}
    for line in lines:
        for member in line.crew:
            models.setdefault(member.process, []).append(f"{line.style} {line.version}")
            members[member.process] = member
    return [
        WorkerBody(
            name=member.name,
            process=process,
            device=member.device,
            state=member.state,
            models=sorted(models[process]),
            max_batch=member.max_batch,
            batch_size=member.batch_size or None,
            busy_share=member.busy_share,
        )
        for process, member in sorted(members.items())
    ]


def _sum(histograms: Iterable[Histogram]) -> Histogram:
    total = Histogram.read({})
    for one in histograms:
        total = total.plus(one)
    return total
