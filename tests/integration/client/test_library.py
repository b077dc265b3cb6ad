"""The library over real sockets: repeats, keys, whole pictures."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from celshade import Client, DownloadFailed, JobFailed, Refused, ServerUnreachable
from tests.integration.client.contract_server import DAMAGED, ENDLESS, PICTURE, World

BUSY = (503, {"Retry-After": "1"}, {"code": "queue_full", "detail": "The service is full."})


@pytest.fixture
def pauses() -> list[float]:
    """The pauses the client would have made."""
    return []


@pytest.fixture
def client(world: World, pauses: list[float]) -> Iterator[Client]:
    """A client with a key that does not really pause."""
    world.key = "secret"
    with Client(world.url, "secret", sleep=pauses.append) as opened:
        yield opened


def test_a_photo_goes_the_whole_way(client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a photo")
    stages: list[str | None] = []
    job = client.submit(tmp_path / "a.jpg")
    job = client.wait(job.id, on_progress=lambda now: stages.append(now.stage))
    place = client.download(job, tmp_path / "out.jpg")
    assert place.read_bytes() == PICTURE
    assert stages == ["fetching", "decoding", "rendering", "encoding", "storing", None]


def test_a_busy_server_gets_one_key_and_makes_one_job(
    client: Client, world: World, pauses: list[float], tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a photo" * 10_000)
    world.faults.extend([BUSY, BUSY])
    client.submit(tmp_path / "a.jpg")
    sent = world.submissions()
    assert len(sent) == 3
    assert len({request.headers["Idempotency-Key"] for request in sent}) == 1
    assert {request.body.count(b"a photo") for request in sent} == {10_000}
    assert len(world.jobs) == 1
    assert all(pause_s >= 1.0 for pause_s in pauses)


def test_two_submissions_of_one_photo_have_keys_of_their_own(client: Client, world: World) -> None:
    first, second = client.submit(b"a photo"), client.submit(b"a photo")
    assert first.id != second.id
    assert (
        client.submit(b"x", idempotency_key="k").id == client.submit(b"x", idempotency_key="k").id
    )


def test_the_key_goes_to_the_server_and_not_to_its_storage(
    client: Client, world: World, tmp_path: Path
) -> None:
    client.download(client.wait(client.submit(b"a photo").id), tmp_path / "out.jpg")
    from_storage = [seen for seen in world.requests if seen.path.startswith("/objects/")]
    from_server = [seen for seen in world.requests if not seen.path.startswith("/objects/")]
    assert len(from_storage) == 1
    assert "Authorization" not in from_storage[0].headers
    assert {seen.headers["Authorization"] for seen in from_server} == {"Bearer secret"}


def test_a_result_link_elsewhere_does_not_get_the_key(
    client: Client, world: World, tmp_path: Path
) -> None:
    job = client.wait(client.submit(b"a photo").id)
    world.jobs[job.id]["urls"]["result"] = f"{world.storage_url}/steal"
    client.download(client.get(job.id), tmp_path / "out.jpg")
    assert not any(seen.path == "/steal" for seen in world.requests)


def test_a_damaged_picture_is_asked_for_again_and_never_saved(
    client: Client, world: World, tmp_path: Path
) -> None:
    job = client.wait(client.submit(b"a photo").id)
    world.pictures[job.id] = PICTURE[:-1] + b"x"
    with pytest.raises(DownloadFailed, match="SHA-256"):
        client.download(job, tmp_path / "out.jpg")
    assert len([seen for seen in world.requests if seen.path.startswith("/objects/")]) == 4
    assert list(tmp_path.iterdir()) == []


def test_a_failed_job_has_no_picture(client: Client, tmp_path: Path) -> None:
    job = client.wait(client.submit(DAMAGED).id)
    assert job.failure is not None
    with pytest.raises(JobFailed, match="cannot be decoded") as told:
        client.download(job, tmp_path / "out.jpg")
    assert (told.value.code, told.value.retryable) == ("decode_failed", False)


def test_a_canceled_job_has_ended(client: Client) -> None:
    job = client.submit(ENDLESS)
    assert client.cancel(job.id).status == "canceled"
    assert client.wait(job.id).is_terminal


def test_what_is_not_there_is_refused_at_once(client: Client, pauses: list[float]) -> None:
    with pytest.raises(Refused) as told:
        client.get("none")
    assert (told.value.status, told.value.code, pauses) == (404, "not_found", [])


def test_a_server_that_is_away_is_asked_again_with_growing_pauses(pauses: list[float]) -> None:
    with (
        Client("http://127.0.0.1:1", sleep=pauses.append) as client,
        pytest.raises(ServerUnreachable),
    ):
        client.submit(b"a photo")
    assert len(pauses) == 7
    assert pauses[-1] > pauses[0]


def test_jobs_and_styles_are_listed(client: Client) -> None:
    job = client.submit(b"a photo")
    page = client.list()
    assert ([listed.id for listed in page.jobs], page.next_cursor) == ([job.id], None)
    (style,) = client.styles()
    assert (style.name, style.is_default) == ("ink-filter", True)
