"""A photo's way through the running service, its end told to a receiver, the keeper killed."""

import io
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image

from tests.e2e.conftest import STYLES, Calling
from tests.e2e.stack import Stack, running_stack, until
from tests.support.photos import photo
from tests.support.receiver import Receiver, receiving


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """A receiver on this machine."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def stack(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service that may call the receiver and nobody else on this machine."""
    settings = {
        "CELSHADE_EXTRA_STYLES": STYLES,
        "CELSHADE_STYLES": "marked",
        "CELSHADE_OUTBOUND_NETWORKS": "127.0.0.1/32",
        "CELSHADE_OUTBOUND_PORTS": str(receiver.port),
        "CELSHADE_WEBHOOK_TIMEOUT_S": "2",  # a lease of 7 s
    }
    with running_stack(tmp_path_factory.mktemp("stack"), env=settings) as stack:
        yield stack


def test_the_end_is_told_once_the_keeper_lives(
    call: Calling, stack: Stack, receiver: Receiver
) -> None:
    caller = call(stack)
    secret = caller.http.get("/v1/webhooks/secret").json()["secret"]
    job = caller.submit(photo(), size="256", webhook_url=receiver.url)
    said = receiver.next().verified(secret)
    assert (said["type"], said["data"]["id"]) == ("job.succeeded", job["id"])
    picture = httpx.get(said["data"]["output"]["url"])
    with Image.open(io.BytesIO(picture.content)) as image:
        assert image.size == (256, 192)

    receiver.held.clear()
    again = caller.submit(photo(), size="256", webhook_url=receiver.url)
    cut_off = receiver.next()
    before = stack.kill("keeper")
    receiver.held.set()
    stack.wait_for_successor("keeper", before)
    repeated = receiver.next()
    assert repeated.verified(secret)["data"]["id"] == again["id"]
    assert cut_off.headers["webhook-id"] == repeated.headers["webhook-id"]

    def are_delivered() -> bool:
        log = caller.http.get("/v1/webhooks/deliveries").json()["data"]
        return [each["status"] for each in log] == ["delivered"] * 2

    until(are_delivered, "both deliveries are written down")


def test_nobody_else_here_is_called(call: Calling, stack: Stack) -> None:
    caller = call(stack)
    redis_port = stack.redis_url.rpartition(":")[2].partition("/")[0]
    answer = caller.post(photo(), size="256", webhook_url=f"http://127.0.0.1:{redis_port}/")
    assert answer.status_code == 422
    job = caller.submit(photo(), size="256", webhook_url="http://127.0.0.1/")

    def was_tried() -> bool:
        delivery = caller.http.get(f"/v1/webhooks/deliveries/job_{job['id']}_1").json()
        return [each["error"] for each in delivery.get("attempts", [])] == ["no_answer"]

    until(was_tried, "nothing listens there, and nobody says so")
