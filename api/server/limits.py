"""What one request body may cost: bytes, pace, time, and how many clients may be waited for.

Owns the figures only; `pace.py` and `body.py` apply them.
"""

from dataclasses import dataclass, replace

from common.settings import Settings

KIB = 1024


@dataclass(frozen=True, kw_only=True)
class IntakeLimits:
    """The limits of request bodies.

    Attributes:
        max_upload_bytes: Largest photo, and largest body that is not multipart, bytes.
        max_batch_bytes: Largest body of a batch.
        multipart_overhead_bytes: What a multipart body may have beyond its photo: part headers
            and form fields.
        min_rate_bytes_s: A body must arrive at this rate, seen over any `window_s`.
        window_s: Span over which the rate is looked at, seconds.
        total_s: Longest time a body may take, seconds: 40 MB at the least rate take 41 minutes,
            so a large photo needs a faster line than a small one.
        batch_total_s: The same for a batch, seconds: a hundred photos of 5 MB over 2 Mbit/s take
            half an hour.
        patience_s: How long a client may keep a thread waiting without holding a waiting slot,
            seconds. Bodies that arrive at once never need a slot, and those of a client that sends
            500 at once from one busy process hardly ever (ADR 0005).
        header_s: Longest time a request's header block may take, seconds.
        header_patience_s: As `patience_s`, for headers: they come in one packet.
    """

    max_upload_bytes: int = 40_000_000
    max_batch_bytes: int = 2_000_000_000
    multipart_overhead_bytes: int = 64 * KIB
    min_rate_bytes_s: int = 16 * KIB
    window_s: float = 15.0
    total_s: float = 600.0
    batch_total_s: float = 3600.0
    patience_s: float = 0.5
    header_s: float = 10.0
    header_patience_s: float = 0.25

    @classmethod
    def from_settings(cls, settings: Settings) -> "IntakeLimits":
        """Take the byte limits from the settings and the rest from the defaults."""
        return cls(
            max_upload_bytes=settings.max_upload_bytes, max_batch_bytes=settings.max_batch_bytes
        )

    def for_batches(self) -> "IntakeLimits":
        """The limits that a batch's body is read with."""
        return replace(self, max_upload_bytes=self.max_batch_bytes, total_s=self.batch_total_s)

    def for_headers(self) -> "IntakeLimits":
        """The limits that a request's header block is read with."""
        return replace(self, total_s=self.header_s, patience_s=self.header_patience_s)
