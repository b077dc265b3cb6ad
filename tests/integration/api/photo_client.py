"""A caller of the API within this process: submits photos and reads answers, typed."""

import io
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.support.photos import photo

Json = dict[str, Any]


def body_of(answer: TestResponse) -> Json:
    """An answer's JSON object."""
    body: Json = answer.get_json()
    return body


class PhotoClient:
    """Sends requests to an application.

    Args:
        app: The application.
        key: The API key sent with every request.
    """

    def __init__(self, app: Flask, key: str | None = None) -> None:
        self._key = key
        self._http = app.test_client()
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def at(self, app: Flask) -> "PhotoClient":
        """The same caller at another application."""
        return PhotoClient(app, self._key)

    def call(self, method: str, url: str, **options: Any) -> TestResponse:
        """Send any request."""
        headers = {**self._headers, **options.pop("headers", {})}
        return self._http.open(url, method=method, headers=headers, buffered=True, **options)

    def get(self, url: str, **headers: str) -> TestResponse:
        """GET; headers are given with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("GET", url, headers=named)

    def post(
        self, body: bytes | None = None, *, headers: dict[str, str] | None = None, **fields: str
    ) -> TestResponse:
        """Submit a photo as a form."""
        image = (io.BytesIO(photo() if body is None else body), "holiday.jpg")
        return self.call("POST", "/v1/jobs", data={"image": image, **fields}, headers=headers or {})

    def submit(self, body: bytes | None = None, **fields: str) -> Json:
        """Submit a photo that is accepted, and return its job."""
        answer = self.post(body, headers=None, **fields)
        assert answer.status_code in (201, 202), answer.text
        return body_of(answer)

    def job(self, job: Json) -> Json:
        """Poll a job."""
        answer = self.get(f"/v1/jobs/{job['id']}")
        assert answer.status_code == 200, answer.text
        return body_of(answer)

    def act(self, job: Json, verb: str) -> TestResponse:
        """Cancel or retry a job."""
        return self.call("POST", f"/v1/jobs/{job['id']}/{verb}")
