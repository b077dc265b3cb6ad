"""Dead letters: the client's requests and how it reads what comes back."""

from typing import Any

import httpx
import pytest

from celshade import BadAnswer, Client

LETTER = {
    "job_id": "1",
    "caller": "ann",
    "style": "ink",
    "render_key": "k",
    "attempts": 3,
    "code": "worker_lost",
    "message": "Lost.",
    "died_at": "2026-01-02T03:05:10.123Z",
    "retryable": True,
}


def client(*responses: Any) -> tuple[Client, list[httpx.Request]]:
    seen: list[httpx.Request] = []
    left = list(responses)

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=left.pop(0))

    return Client("http://here", backend=httpx.MockTransport(handler)), seen


def test_the_whole_list_is_read_page_by_page() -> None:
    pages = [
        {"data": [LETTER, LETTER], "next_cursor": "5.1"},
        {"data": [{**LETTER, "retryable": False, "job_id": "2"}], "next_cursor": None},
    ]
    celshade, seen = client(*pages)
    letters = list(celshade.dead_letters)
    assert [(letter.job_id, letter.retryable) for letter in letters] == [
        ("1", True),
        ("1", True),
        ("2", False),
    ]
    assert (letters[0].caller, letters[0].code, letters[0].attempts) == ("ann", "worker_lost", 3)
    assert [str(request.url) for request in seen] == [
        "http://here/v1/admin/dead?limit=100",
        "http://here/v1/admin/dead?cursor=5.1&limit=100",
    ]


def test_verbs_are_sent_as_the_contract_has_them() -> None:
    celshade, seen = client({"run": 2}, {"purged": 1}, {"purged": 4}, {"purged": 7})
    letters = celshade.dead_letters
    assert letters.retry("a/b") == 2
    assert letters.purge("7") == 1
    assert letters.purge(older_than_s=60) == 4
    assert letters.purge() == 7
    base = "http://here/v1/admin/dead"
    assert [(request.method, str(request.url)) for request in seen] == [
        ("POST", f"{base}/a%2Fb/retry"),
        ("DELETE", f"{base}/7"),
        ("DELETE", f"{base}?older_than_seconds=60"),
        ("DELETE", base),
    ]


def test_another_answer_is_no_list() -> None:
    celshade, _ = client({"data": [{"job_id": 7}], "next_cursor": None})
    with pytest.raises(BadAnswer):
        celshade.dead_letters.page()
