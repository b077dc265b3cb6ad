"""Examples of jobs for the OpenAPI document; a test validates each with its model. Pure."""

from typing import Any

_BASE = "http://127.0.0.1:8000/v1"
_JOB_ID = "b3b8d1dd2e0ac732b5d6a4cfa2a8ac14"
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

EXAMPLES: dict[str, Any] = {"queued-job": _OPEN_JOB, "succeeded-job": _JOB}
