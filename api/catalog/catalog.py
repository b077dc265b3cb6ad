"""The catalog: which styles there are, and under which version new work is taken in.

It knows styles only from what workers said of themselves, by way of the job store.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from common.errors import CelshadeError, InvalidParam, NoWorkers, StoreUnavailable, UnknownStyle
from common.jobstore.overview import Line, Overview
from common.renders import DEFAULT_SIZE_PX, MAX_SIZE_PX, MIN_SIZE_PX

FRESH_S = 1.0
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
        """Whether its card says that photos get it when no style is named."""
        return bool(self.line.card.get("is_default", False))

    @property
    def min_size_px(self) -> int:
        """Least long side, pixels."""
        return int(self.line.card.get("min_size_px", MIN_SIZE_PX))

    @property
    def max_size_px(self) -> int:
        """Largest long side, pixels."""
        return int(self.line.card.get("max_size_px", MAX_SIZE_PX))

    @property
    def default_size_px(self) -> int:
        """Long side when none is named, pixels."""
        return int(self.line.card.get("default_size_px", DEFAULT_SIZE_PX))

    def count(self, state: str) -> int:
        """How many living workers are in a state."""
        return sum(member.state == state for member in self.line.crew)

    def size_px(self, asked_px: int | None) -> int:
        """The long side that is meant.

        Raises:
            InvalidParam: The style does not go there.
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
    """All styles, by name in order, and the one that is meant when none is named."""

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
            NoWorkers: No worker ever offered any.
            UnknownStyle: No worker ever offered this one.
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
    """Choose a version: the newest that has a worker or is getting one, else the last seen."""
    alive = [line for line in lines if any(member.state in ALIVE for member in line.crew)]
    if alive:
        return max(alive, key=lambda line: (line.first_seen_ms, line.name))
    return max(lines, key=lambda line: (line.last_seen_ms, line.name))


class Catalog:
    """The service at a glance, asked for at most once a second however many threads want it.

    Args:
        overview: Looks at the whole service.
        clock: Monotonic seconds.
    """

    def __init__(
        self, overview: Callable[[], Overview], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._look = overview
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: Overview | None = None
        self._seen_s = 0.0
        self._failure: CelshadeError | None = None
        self._failed_s = 0.0

    def overview(self, *, fresh_s: float = FRESH_S) -> Overview:
        """The service, at most so many seconds old; 0 for what is true from now on.

        Raises:
            StoreUnavailable: The job store does not answer.
        """
        asked_s = self._clock()
        with self._lock:
            if self._seen is not None and asked_s - self._seen_s <= fresh_s:
                return self._seen
            if self._failure is not None and self._failed_s >= asked_s:
                # Somebody found out while we stood in line: nobody waits for a second time-out.
                raise StoreUnavailable(retry_after_s=self._failure.retry_after_s)
            begun_s = self._clock()
            try:
                self._seen, self._seen_s = self._look(), begun_s
            except CelshadeError as error:
                self._failure, self._failed_s = error, self._clock()
                raise
            return self._seen

    def offers(self) -> Offers:
        """The styles, at most a second old.

        Raises:
            StoreUnavailable: The job store does not answer.
        """
        return Offers.of(self.overview().lines)

    def choose(self, name: str | None) -> StyleOffer:
        """Return a style; the default without a name.

        Raises:
            NoWorkers, UnknownStyle: As `Offers.choose`. What is not known is looked for once
                more: its worker may have come this very moment.
            StoreUnavailable: The job store does not answer.
        """
        try:
            return self.offers().choose(name)
        except (NoWorkers, UnknownStyle):
            return Offers.of(self.overview(fresh_s=0.0).lines).choose(name)
