"""Histograms of times, as the scripts count them into buckets. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from common.jobstore.policy import TIME_BOUNDS_MS


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of times by bucket.

    Attributes:
        bounds_s: Upper bounds of the buckets, seconds; a last bucket holds all longer times.
        counts: Entries of each bucket, one more than there are bounds.
        sum_s: Sum of all times, seconds.
    """

    bounds_s: tuple[float, ...]
    counts: tuple[int, ...]
    sum_s: float

    @classmethod
    def read(cls, fields: Mapping[str, str]) -> "Histogram":
        """Read the fields that the scripts count."""
        names = [*map(str, TIME_BOUNDS_MS), "more"]
        return cls(
            bounds_s=tuple(bound / 1000 for bound in TIME_BOUNDS_MS),
            counts=tuple(int(fields.get(name, 0)) for name in names),
            sum_s=int(fields.get("sum_ms", 0)) / 1000,
        )

    def since(self, before: "Histogram") -> "Histogram":
        """Return the increase since an earlier reading; never negative."""
        return Histogram(
            self.bounds_s,
            tuple(max(0, now - then) for now, then in zip(self.counts, before.counts, strict=True)),
            max(0.0, self.sum_s - before.sum_s),
        )

    def plus(self, other: "Histogram") -> "Histogram":
        """Return the sum of both."""
        counts = tuple(one + two for one, two in zip(self.counts, other.counts, strict=True))
        return Histogram(self.bounds_s, counts, self.sum_s + other.sum_s)

    @property
    def cumulative(self) -> tuple[int, ...]:
        """Entries up to each bound, and the total."""
        return tuple(accumulate(self.counts))

    def quantile(self, share: float) -> float | None:
        """Estimate a quantile in seconds, linear within its bucket as Prometheus does it.

        Returns:
            None if there are no entries; the last bound if it is beyond.
        """
        rank = share * sum(self.counts)
        if not rank:
            return None
        below, floor_s = 0, 0.0
        for bound_s, count in zip(self.bounds_s, self.counts, strict=False):
            if below + count >= rank:
                return floor_s + (bound_s - floor_s) * (rank - below) / count
            below, floor_s = below + count, bound_s
        return self.bounds_s[-1]
