"""The catalog: the available styles, and the version of each that takes new work.

It knows only the styles that workers have announced in the job store.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from common.errors import CelshadeError, InvalidParam, NoWorkers, StoreUnavailable, UnknownStyle
from common.jobstore.overview import Line, Overview
from common.renders import DEFAULT_SIZE_PX, MAX_SIZE_PX, MIN_SIZE_PX

MAX_AGE_S = 1.0
NO_WORKERS_RETRY_AFTER_S = 5
ALIVE = ("ready", "starting")


@dataclass(frozen=True, slots=True)
class StyleOffer:
    """A style, at the version that new work goes to.

    Attributes:
        line: The version's line and crew.
    """

    line: Line

    @property
    def name(self) -> str:
        """Name as callers send it."""
        return self.line.style

    @property
    def is_default(self) -> bool:
        """Whether its card makes it the default style."""
        return bool(self.line.card.get("is_default", False))

    @property
    def min_size_px(self) -> int:
        """Smallest long side, pixels."""
        return int(self.line.card.get("min_size_px", MIN_SIZE_PX))

    @property
    def max_size_px(self) -> int:
        """Largest long side, pixels."""
        return int(self.line.card.get("max_size_px", MAX_SIZE_PX))

    @property
    def default_size_px(self) -> int:
        """Default long side, pixels."""
        return int(self.line.card.get("default_size_px", DEFAULT_SIZE_PX))

    def count(self, state: str) -> int:
        """Return how many live workers are in a state."""
        return sum(member.state == state for member in self.line.crew)

    def size_px(self, asked_px: int | None) -> int:
        """Return the requested or default long side, pixels.

        Raises:
            InvalidParam: The style does not support that size.
        """
        size_px = self.default_size_px if asked_px is None else asked_px
        if not self.min_size_px <= size_px <= self.max_size_px:
            raise InvalidParam(
                f"{self.name} takes a size of {self.min_size_px} to {self.max_size_px} pixels.",
                field="size",
            )
        return size_px


@dataclass(frozen=True, slots=True)
class Offers:
    """All styles, sorted by name, and the default one."""

    styles: tuple[StyleOffer, ...]
    default: StyleOffer | None

    @classmethod
    def of(cls, lines: tuple[Line, ...]) -> "Offers":
        """Choose a version of each style and the default."""
        by_style: dict[str, list[Line]] = {}
        for line in lines:
            by_style.setdefault(line.style, []).append(line)
        styles = tuple(StyleOffer(newest(by_style[name])) for name in sorted(by_style))
        marked = [style for style in styles if style.is_default]
        return cls(styles, next(iter(marked or styles), None))

    def choose(self, name: str | None) -> StyleOffer:
        """Return a style; the default without a name.

        Raises:
            NoWorkers: No worker ever offered a style.
            UnknownStyle: No worker ever offered this style.
        """
        if self.default is None:
            raise NoWorkers(retry_after_s=NO_WORKERS_RETRY_AFTER_S)
        if name is None:
            return self.default
        for style in self.styles:
            if style.name == name:
                return style
        raise UnknownStyle(field="style")


def newest(lines: list[Line]) -> Line:
    """Choose a version: the newest with a ready or starting worker, else the last seen."""
    alive = [line for line in lines if any(member.state in ALIVE for member in line.crew)]
    if alive:
        return max(alive, key=lambda line: (line.first_seen_ms, line.name))
    return max(lines, key=lambda line: (line.last_seen_ms, line.name))


class Catalog:
    """The overview of the service, loaded at most once a second by all threads together.

    Args:
        overview: Loads the overview.
        clock: Monotonic seconds.
    """

    def __init__(
        self, overview: Callable[[], Overview], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = overview
        self._clock = clock
        self._lock = threading.Lock()
        self._cached: Overview | None = None
        self._loaded_s = 0.0
        self._failure: CelshadeError | None = None
        self._failed_s = 0.0

    def overview(self, *, max_age_s: float = MAX_AGE_S) -> Overview:
        """Return the overview, at most `max_age_s` old; 0 loads it again.

        Raises:
            StoreUnavailable: The job store is unavailable.
        """
        requested_s = self._clock()
        with self._lock:
            if self._cached is not None and requested_s - self._loaded_s <= max_age_s:
                return self._cached
            if self._failure is not None and self._failed_s >= requested_s:
                # Another thread failed while this one waited: spare it a second timeout.
                raise StoreUnavailable(retry_after_s=self._failure.retry_after_s)
            started_s = self._clock()
            try:
                self._cached, self._loaded_s = self._load(), started_s
            except CelshadeError as error:
                self._failure, self._failed_s = error, self._clock()
                raise
            return self._cached

    def offers(self) -> Offers:
        """Return the styles, at most a second old.

        Raises:
            StoreUnavailable: The job store is unavailable.
        """
        return Offers.of(self.overview().lines)

    def choose(self, name: str | None) -> StyleOffer:
        """Return a style; the default without a name.

        Raises:
            NoWorkers, UnknownStyle: As `Offers.choose`. An unknown style is looked up once more:
                its worker may have started just now.
            StoreUnavailable: The job store is unavailable.
        """
        try:
            return self.offers().choose(name)
        except (NoWorkers, UnknownStyle):
            return Offers.of(self.overview(max_age_s=0.0).lines).choose(name)
