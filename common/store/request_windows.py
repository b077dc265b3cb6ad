"""Request windows: how many requests came in a window of time, whichever API process took them."""

from dataclasses import dataclass

from common.store.scripts import Scripts


@dataclass(frozen=True, slots=True)
class RequestWindow:
    """A window as one of its requests found it.

    Attributes:
        counted: Requests in it, this one among them.
        left_s: Seconds until it is over.
    """

    counted: int
    left_s: float


class RequestWindows:
    """The verb that counts requests."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def count(self, window: str, *, window_s: int, amount: int = 1) -> RequestWindow:
        """Count requests in a window, which begins with its first one.

        Args:
            window: Its name, without a colon.
            window_s: Its length.
            amount: How many requests to count.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        answer = self._scripts.call(
            "count_request", window=window, window_ms=window_s * 1000, amount=amount
        )
        return RequestWindow(int(answer["counted"]), answer["left_ms"] / 1000)
