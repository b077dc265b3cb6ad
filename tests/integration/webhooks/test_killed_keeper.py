"""Webhooks over the death of a keeper, and with two of them: real processes, killed for good."""

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.processes import child_processes
from common.settings import Settings, environment_with
from keeper.webhook_dispatcher import WebhookDispatcher
from keeper.webhook_sender import WebhookSender
from tests.integration.api.intake_server import wait_until
from tests.integration.webhooks.conftest import Service
from tests.support.checkout import ROOT
from tests.support.photos import photo
from tests.support.receiver import HEARD_S, Receiver

TIMEOUT_S = 2.0  # and so a lease of 7 s
GRACE_S = 20.0
KILLS = 3


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings with a short time for receivers."""
    return settings.model_copy(update={"webhook_timeout_s": TIMEOUT_S})


@contextlib.contextmanager
def keeper(service: Service, folder: Path, receiver: Receiver) -> Iterator[child_processes.Child]:
    """Run a keeper as its own process for as long as the block lasts."""
    environment = environment_with(
        redis_url=service.settings.redis_url.get_secret_value(),
        objects="local",
        data_dir=str(service.settings.data_dir),
        webhook_timeout_s=str(TIMEOUT_S),
        outbound_networks="127.0.0.1/32",
        outbound_ports=str(receiver.port),
    )
    with (folder / "keeper.log").open("ab") as log:
        child = child_processes.start_child(
            [sys.executable, "-m", "keeper"],
            env=environment,
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield child
    finally:
        child_processes.stop_child(child, grace_s=GRACE_S)


def test_a_keeper_killed_while_it_sends_is_followed_by_the_next(
    service: Service, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.held.clear()
    job = service.client.submit(webhook_url=receiver.url)
    service.worker.work_once()
    with keeper(service, tmp_path, receiver) as first:
        heard = receiver.next()  # claimed and sent, and nothing of it is written down
        first.send_signal(signal.SIGKILL)
        first.wait()
    receiver.held.set()
    (delivery,) = service.deliveries()
    assert (delivery["status"], delivery["sent"]) == ("waiting", 0)
    with keeper(service, tmp_path, receiver):
        again = receiver.next()
        wait_until(lambda: service.deliveries()[0]["status"] == "delivered", "it is written down")
    assert heard.headers["webhook-id"] == again.headers["webhook-id"] == f"job_{job['id']}_1"
    assert again.verified(service.secret())["data"]["status"] == "succeeded"


def test_a_keeper_that_is_stopped_waits_for_its_senders(
    service: Service, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.held.clear()
    service.client.submit(webhook_url=receiver.url)
    service.worker.work_once()
    with keeper(service, tmp_path, receiver) as child:
        receiver.next()
        child.send_signal(signal.SIGTERM)
        receiver.held.set()
        assert child.wait(GRACE_S) == 0
    assert service.deliveries()[0]["status"] == "delivered"


def test_two_keepers_at_once_send_everything_once(service: Service, receiver: Receiver) -> None:
    jobs = [service.client.submit(photo(shade=n), webhook_url=receiver.url) for n in range(11)]
    for _ in jobs:
        service.worker.work_once()
    stopping = threading.Event()
    sender = WebhookSender.from_settings(service.settings, service.store, service.objects)
    others = [WebhookDispatcher(service.store.outbox, sender, threads=4) for _ in range(2)]
    threads = [threading.Thread(target=each.run, args=(stopping,)) for each in others]
    for thread in threads:
        thread.start()
    heard = [receiver.next() for _ in jobs]
    stopping.set()
    for thread, dispatch in zip(threads, others, strict=True):
        thread.join()
        assert dispatch.wait_for_senders(HEARD_S)
    assert {each.headers["webhook-id"] for each in heard} == {f"job_{job['id']}_1" for job in jobs}
    assert receiver.nothing()
    assert {each["status"] for each in service.deliveries()} == {"delivered"}


def test_keepers_killed_again_and_again_lose_nothing(
    service: Service, receiver: Receiver, tmp_path: Path
) -> None:
    """Every end is told at least once, always under its own id, whoever dies in between."""
    receiver.pause_s = 0.05  # so that some are on their way whenever a keeper dies
    shades = [*range(11), *range(11)]  # each twice: joined jobs are told of as well
    jobs = [service.client.submit(photo(shade=n), webhook_url=receiver.url) for n in shades]
    wanted = {f"job_{job['id']}_1" for job in jobs}
    told: list[str] = []
    for turn in range(KILLS):
        with keeper(service, tmp_path, receiver) as child:
            for job in jobs[turn::KILLS]:
                service.client.act(job, "cancel")
            told.append(receiver.next().headers["webhook-id"])
            child.send_signal(signal.SIGKILL)
            child.wait()

    def all_are_written_down() -> bool:
        log = service.get("/v1/webhooks/deliveries?limit=100")["data"]
        return {each["status"] for each in log} == {"delivered"}

    with keeper(service, tmp_path, receiver):
        wait_until(all_are_written_down, "all deliveries are written down")
    while not receiver.heard.empty():
        told.append(receiver.next().headers["webhook-id"])
    assert set(told) == wanted
    assert len(told) >= len(wanted)
