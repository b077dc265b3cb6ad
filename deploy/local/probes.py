"""Asks the API over HTTP whether it serves, and how many workers stand behind it.

A probe is bounded in time and never raises: whatever goes wrong is "not yet".
"""

import http.client
import json
from dataclasses import dataclass
from http import HTTPStatus

TIMEOUT_S = 1.0
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up, not bound to


@dataclass(frozen=True)
class ApiProbe:
    """The API as this machine reaches it.

    Attributes:
        host: Address that it binds to.
        port: TCP port.
    """

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address a person on this machine uses."""
        host = ANY_ADDRESS.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def is_ready(self) -> bool:
        """Say whether the API, its job store and its storage answer."""
        status, _ = self._get("/readyz")
        return status == HTTPStatus.OK

    def has_workers(self, count: int) -> bool:
        """Say whether at least this many workers are ready."""
        status, body = self._get("/readyz")
        return status == HTTPStatus.OK and ready_workers(body) >= count

    def _get(self, path: str) -> tuple[int | None, bytes]:
        """Return status and body; no status when no answer came."""
        host = ANY_ADDRESS.get(self.host, self.host)
        connection = http.client.HTTPConnection(host, self.port, timeout=TIMEOUT_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return None, b""
        finally:
            connection.close()


def ready_workers(readiness: bytes) -> int:
    """Return how many workers are ready, by an answer of `/readyz`; 0 for any other text."""
    try:
        return int(json.loads(readiness)["workers"]["ready"])
    except (ValueError, KeyError, TypeError):
        return 0
