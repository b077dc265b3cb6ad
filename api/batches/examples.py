"""Examples of batches for the OpenAPI document; a test validates each with its model. Pure."""

from typing import Any

_BASE = "http://127.0.0.1:8000/v1"
_JOB_ID = "b3b8d1dd2e0ac732b5d6a4cfa2a8ac14"
_BATCH_ID = "5c0e7d1f2a3b4c5d6e7f8091a2b3c4d5"
_JOB_URL = f"{_BASE}/jobs/{_JOB_ID}"

_BATCH: dict[str, Any] = {
    "id": _BATCH_ID,
    "status": "running",
    "created_at": "2026-01-02T03:04:05.678Z",
    "received_at": "2026-01-02T03:04:06.001Z",
    "completed_at": None,
    "eta_seconds": 3.1,
    "counts": {
        "total": 2,
        "queued": 1,
        "running": 0,
        "succeeded": 0,
        "failed": 1,
        "canceled": 0,
        "expired": 0,
    },
    "items": [
        {
            "index": 0,
            "file": "a.jpg",
            "job_id": _JOB_ID,
            "status": "queued",
            "cache": "miss",
            "error": None,
            "urls": {"self": _JOB_URL, "result": f"{_JOB_URL}/result"},
        },
        {
            "index": 1,
            "file": "notes.txt",
            "job_id": None,
            "status": "failed",
            "cache": None,
            "error": {
                "code": "unsupported_media_type",
                "message": "This is not an image we can read; send JPEG, PNG, WebP, AVIF or GIF.",
                "retryable": False,
            },
            "urls": None,
        },
    ],
    "error": None,
    "urls": {
        "self": f"{_BASE}/batches/{_BATCH_ID}",
        "cancel": f"{_BASE}/batches/{_BATCH_ID}/cancel",
        "archive": None,
        "archive_expires_at": None,
    },
}

EXAMPLES: dict[str, Any] = {"running-batch": _BATCH}
