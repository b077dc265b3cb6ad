"""What the answers of the API mean to the stack."""

import pytest

from deploy.local.probes import ApiProbe, ready_workers


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (b'{"status": "ok", "workers": {"ready": 2, "starting": 1}}', 2),
        (b'{"status": "ok"}', 0),
        (b"[]", 0),
        (b"<html>", 0),
    ],
)
def test_ready_workers_are_read_from_the_readiness(body: bytes, count: int) -> None:
    assert ready_workers(body) == count


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),  # noqa: S104 - nothing is bound
        ("::", "http://[::1]:80"),
    ],
)
def test_the_api_is_asked_where_this_machine_reaches_it(host: str, url: str) -> None:
    assert ApiProbe(host, 80).url == url
