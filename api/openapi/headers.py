"""Headers of requests and responses, each described once. Pure."""

from typing import Any

from api.http.request_options import MAX_KEY_LENGTH, MAX_WAIT_S

# What `request_options.parse_span_s` parses; the range is a setting.
SPAN_PATTERN = (
    "^([0-9]{1,9}[sS]?|[0-9]{1,6}[mM]([0-9]{1,9}[sS])?"
    "|[0-9]{1,6}[hH]([0-9]{1,6}[mM])?([0-9]{1,9}[sS])?)$"
)
REQUEST_HEADERS: dict[str, dict[str, Any]] = {
    "Idempotency-Key": {
        "description": "The same answer again when the same request comes twice within 24 hours; "
        "another photo, style, parameter, webhook or deadline under the same key is refused.",
        "schema": {"type": "string", "pattern": f"^[ -~]{{1,{MAX_KEY_LENGTH}}}$"},
        "example": "order-17",
    },
    "Prefer": {
        "description": "`wait=N` holds the answer back until the end has come, N seconds at most "
        f"({MAX_WAIT_S}). What is not understood is passed over (RFC 7240).",
        "schema": {"type": "string"},
        "example": "wait=1",
    },
    "Cancel-After": {
        "description": "Give up then: `30s`, `5m`, `2h`, `1h30m` or plain seconds; "
        "`max_cancel_after_seconds` in `/v1/limits` at most.",
        "schema": {"type": "string", "pattern": SPAN_PATTERN},
        "example": "30m",
    },
    "Cache-Control": {
        "description": "`no-cache`: render anew, apart from everybody else. `only-if-cached`: a "
        "picture that is there, or 504. Anything else is passed over.",
        "schema": {"type": "string"},
        "example": "no-cache",
    },
    "If-None-Match": {
        "description": "An `ETag`: 304 when nothing has changed.",
        "schema": {"type": "string"},
        "example": 'W/"0f1e2d3c4b5a69788796a5b4c3d2e1f0"',
    },
    "Range": {
        "description": "A part of the file (RFC 9110).",
        "schema": {"type": "string"},
        "example": "bytes=0-1023",
    },
}

REQUEST_ID = "RequestId"
RATE_LIMIT = ("RateLimitPolicy", "RateLimit")

# Name in the document -> the header itself and its object.
RESPONSE_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    REQUEST_ID: (
        "X-Request-Id",
        {
            "description": "Names the request in the service's logs; your own, if you sent one.",
            "required": True,
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
        },
    ),
    "RateLimitPolicy": (
        "RateLimit-Policy",
        {
            "description": "Where the caller has a limit: requests in a minute.",
            "schema": {"type": "string", "pattern": '^"requests";q=[0-9]+;w=60$'},
        },
    ),
    "RateLimit": (
        "RateLimit",
        {
            "description": "Where the caller has a limit: what is left, and for how many seconds.",
            "schema": {"type": "string", "pattern": '^"requests";r=[0-9]+;t=[0-9]+$'},
        },
    ),
    "Location": (
        "Location",
        {
            "description": "Where it is.",
            "required": True,
            "schema": {"type": "string", "format": "uri"},
        },
    ),
    "RetryAfter": (
        "Retry-After",
        {
            "description": "Come back after so many seconds.",
            "required": True,
            "schema": {"type": "integer", "minimum": 0},
        },
    ),
    "RetryAfterWhileOpen": (
        "Retry-After",
        {
            "description": "While it may still change: look again after so many seconds.",
            "schema": {"type": "integer", "minimum": 1},
        },
    ),
    "ETag": (
        "ETag",
        {
            "description": "Names this state; for `If-None-Match`.",
            "required": True,
            "schema": {"type": "string", "pattern": '^(W/)?"[!#-~]+"$'},
        },
    ),
    "CacheStatus": (
        "Cache-Status",
        {
            "description": "How the submission met the result cache (RFC 9211).",
            "required": True,
            "schema": {"type": "string", "pattern": "^celshade; (hit|fwd=)"},
        },
    ),
    "PreferenceApplied": (
        "Preference-Applied",
        {
            "description": "The wait that the answer was held back for at most.",
            "schema": {"type": "string", "pattern": "^wait=[0-9]+$"},
        },
    ),
    "ContentDisposition": (
        "Content-Disposition",
        {
            "description": "The name it is saved under.",
            "required": True,
            "schema": {"type": "string", "pattern": "^attachment; filename="},
        },
    ),
    "ContentRange": (
        "Content-Range",
        {
            "description": "Which part it is.",
            "required": True,
            "schema": {"type": "string", "pattern": "^bytes "},
        },
    ),
    "WWWAuthenticate": (
        "WWW-Authenticate",
        {
            "description": "How to show a key.",
            "required": True,
            "schema": {"type": "string", "const": "Bearer"},
        },
    ),
}
