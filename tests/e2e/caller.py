"""A caller of the running service: plain HTTP and nothing of the service's own code."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

TERMINAL = {"succeeded", "failed", "canceled", "expired"}
PATIENCE_S = 120.0  # generous: the machine may be busy
POLL_EVERY_S = 0.05

Job = dict[str, Any]


@dataclass
class Caller:
    """Submits and polls over one connection pool."""

    http: httpx.Client

    @classmethod
    def of(cls, url: str, key: str | None = None) -> "Caller":
        """Make a caller of the service at an address, with an API key where it has them."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return cls(httpx.Client(base_url=url, headers=headers, timeout=30))

    def __enter__(self) -> "Caller":
        """Nothing: connections open when they are needed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self.http.close()

    def post(self, photo: bytes, **fields: Any) -> httpx.Response:
        """Submit a photo and return the answer as it is."""
        headers = fields.pop("headers", {})
        return self.http.post("/v1/jobs", files={"image": photo}, data=fields, headers=headers)

    def submit(self, photo: bytes, **fields: Any) -> Job:
        """Submit a photo that is accepted."""
        answer = self.post(photo, **fields)
        assert answer.status_code in (201, 202), answer.text
        return dict(answer.json())

    def submit_all(self, photos: list[bytes], **fields: Any) -> list[Job]:
        """Submit photos at once."""
        with ThreadPoolExecutor(16) as pool:
            return list(pool.map(lambda photo: self.submit(photo, **fields), photos))

    def job(self, job_id: str) -> Job:
        """Look at a job, patiently while the service comes back from something."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = self.http.get(f"/v1/jobs/{job_id}")
                if answer.status_code == 200:
                    return dict(answer.json())
                assert answer.status_code == 503, answer.text
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline_s, "the service never came back"
            time.sleep(POLL_EVERY_S)

    def wait_for(self, job_id: str, *statuses: str) -> Job:
        """Poll until a job is in one of these states; any terminal one by default."""
        wanted = set(statuses) or TERMINAL
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            job = self.job(job_id)
            if job["status"] in wanted:
                return job
            assert job["status"] not in TERMINAL, job
            assert time.monotonic() < deadline_s, job
            time.sleep(POLL_EVERY_S)

    def wait_for_all(self, jobs: list[Job]) -> list[Job]:
        """Poll until all jobs have ended."""
        return [self.wait_for(job["id"]) for job in jobs]

    def picture(self, job: Job) -> bytes:
        """Download a finished job's picture by its stable link."""
        answer = self.http.get(job["urls"]["result"], follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.content
