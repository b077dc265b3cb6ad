"""Who waits: callers by the line they wait in, for those who look after the service."""

from dataclasses import dataclass

from common.jobstore.redis_client import RedisClient

MOST_COUNTED = 1_000  # of each line: about two milliseconds of Redis


@dataclass(frozen=True, slots=True)
class Queue:
    """The callers of one line.

    Attributes:
        counted: How many renders were looked at, from the head of the line.
        callers: Waiting renders among these, by caller.
    """

    counted: int
    callers: dict[str, int]


@dataclass(frozen=True, slots=True)
class WaitingCallers:
    """Who waits where.

    Attributes:
        lines: By line; lines that nobody waits in are left out.
        open_jobs: Open jobs by caller, in all lines, waiting or not.
    """

    lines: dict[str, Queue]
    open_jobs: dict[str, int]


def look(redis: RedisClient, most: int = MOST_COUNTED) -> WaitingCallers:
    """Look who waits.

    Args:
        redis: The way to Redis.
        most: Most renders of a line that are looked at.
    """
    answer = redis.call("waiting_callers", most=most)
    return WaitingCallers(
        lines={
            line: Queue(int(found["counted"]), {c: int(n) for c, n in found["callers"].items()})
            for line, found in answer["lines"].items()
        },
        open_jobs={caller: int(number) for caller, number in answer["open"].items()},
    )
