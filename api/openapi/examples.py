"""Examples: bodies as the service sends them; a test reads each with its own model. Pure."""

from typing import Any

_BASE = "http://127.0.0.1:8000/v1"
_JOB_ID = "b3b8d1dd2e0ac732b5d6a4cfa2a8ac14"
_BATCH_ID = "5c0e7d1f2a3b4c5d6e7f8091a2b3c4d5"
_IMAGE_ID = "77aa0c1d2e3f405162738495a6b7c8d9"
_JOB_URL = f"{_BASE}/jobs/{_JOB_ID}"
_EXPIRES = "2026-01-03T03:04:07.321Z"
_PICTURE = "/files/outputs/9c41/7.jpg?expires=1767323947&type=image%2Fjpeg&signature=5e0f"
_SHA256 = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

_OPEN_JOB: dict[str, Any] = {
    "id": _JOB_ID,
    "status": "queued",
    "style": "ink",
    "params": {"strength": 0.7, "size": 1024, "format": "jpeg", "quality": 92},
    "priority": "normal",
    "run": 1,
    "attempts": 0,
    "created_at": "2026-01-02T03:04:05.678Z",
    "started_at": None,
    "completed_at": None,
    "expires_at": None,
    "queue": {"position": 3, "eta_seconds": 4.2},
    "progress": {"stage": "waiting"},
    "cache": {"status": "miss", "age_seconds": None},
    "output": None,
    "execution": None,
    "metrics": {"queue_ms": None, "execution_ms": None, "stages": None},
    "error": None,
    "metadata": {"order": "17"},
    "batch_id": None,
    "urls": {
        "self": _JOB_URL,
        "result": f"{_JOB_URL}/result",
        "source": f"{_JOB_URL}/source",
        "cancel": f"{_JOB_URL}/cancel",
        "retry": f"{_JOB_URL}/retry",
        "events": f"{_JOB_URL}/events",
    },
}
_JOB: dict[str, Any] = {
    **_OPEN_JOB,
    "status": "succeeded",
    "attempts": 1,
    "started_at": "2026-01-02T03:04:06.100Z",
    "completed_at": "2026-01-02T03:04:07.321Z",
    "expires_at": _EXPIRES,
    "queue": {"position": None, "eta_seconds": None},
    "progress": {"stage": None},
    "output": {
        "content_type": "image/jpeg",
        "width": 1024,
        "height": 683,
        "size_bytes": 181204,
        "sha256": _SHA256,
        "url": f"http://127.0.0.1:8000{_PICTURE}",
        "url_expires_at": "2026-01-02T03:19:07.000Z",
    },
    "execution": {
        "device": "cuda:0",
        "model": "ink",
        "model_digest": _SHA256,
        "precision": "float16",
        "batch_size": 4,
        "tiled": False,
        "degraded": [],
    },
    "metrics": {
        "queue_ms": 422,
        "execution_ms": 1221,
        "stages": {"fetch_ms": 12.0, "decode_ms": 31.5, "forward_ms": 9.1},
    },
}
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
_IMAGE: dict[str, Any] = {
    "image_id": _IMAGE_ID,
    "content_type": "image/jpeg",
    "width": 4032,
    "height": 3024,
    "size_bytes": 2_412_876,
    "sha256": _SHA256,
    "created_at": "2026-01-02T03:04:05.678Z",
    "expires_at": "2026-01-03T03:04:05.678Z",
    "url": "http://127.0.0.1:8000/files/inputs/41f0?expires=1767323947&signature=a17c",
    "url_expires_at": "2026-01-02T03:19:05.000Z",
    "urls": {"self": f"{_BASE}/images/{_IMAGE_ID}"},
}

EXAMPLES: dict[str, dict[str, Any]] = {
    "queued-job": _OPEN_JOB,
    "succeeded-job": _JOB,
    "running-batch": _BATCH,
    "kept-image": _IMAGE,
    "one-job": {"job_ids": [_JOB_ID]},
}
