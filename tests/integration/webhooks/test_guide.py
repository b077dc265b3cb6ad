"""The guide's own code, as it stands there, against what a keeper sends."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from common.processes import child_processes
from tests.integration.api.intake_server import wait_until
from tests.integration.webhooks.conftest import Service
from tests.support.checkout import ROOT
from tests.support.photos import photo
from tests.support.receiver import Receiver

BLOCKS: list[str] = re.findall(
    r"```python\n(.*?)```", (ROOT / "docs" / "webhooks.md").read_text(), flags=re.DOTALL
)
PORT = 9000  # the guide's


def block_with(text: str) -> str:
    (found,) = [block for block in BLOCKS if text in block]
    return found


@pytest.fixture
def heard(service: Service, receiver: Receiver) -> dict[str, Any]:
    """A webhook that was sent, and its secret, under the names that the guide uses."""
    service.client.submit(photo(), webhook_url=receiver.url)
    service.worker.work_once()
    service.send()
    heard = receiver.next()
    return {"body": heard.body, "headers": heard.headers, "secret": service.secret()}


def test_verifying_by_hand(heard: dict[str, Any]) -> None:
    names: dict[str, Any] = {}
    exec(block_with("hmac.new"), names)  # noqa: S102 - our own guide's code is what is tested
    assert names["verify"](**heard)
    assert not names["verify"](**{**heard, "body": heard["body"] + b" "})
    assert not names["verify"](**{**heard, "secret": "whsec_" + "A" * 44})
    old = {**heard["headers"], "webhook-timestamp": "1700000000"}
    assert not names["verify"](**{**heard, "headers": old})


@pytest.mark.parametrize("mark", ["event = Webhook(", "event = webhooks."])
def test_verifying_with_the_libraries(heard: dict[str, Any], mark: str) -> None:
    code = next(block for block in BLOCKS if mark in block and "Receiver" not in block)
    exec(code, heard)  # noqa: S102 - as above
    assert "event" in heard


def test_the_receiver_of_the_guide(service: Service, receiver: Receiver, tmp_path: Path) -> None:
    code = block_with("serve_forever").replace(str(PORT), str(receiver.port))
    receiver.stop()
    script, said = tmp_path / "receive.py", tmp_path / "said"
    script.write_text(code)
    with said.open("wb") as out:
        child = child_processes.start_child(
            [sys.executable, "-u", str(script), service.secret()],
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        job = service.client.submit(photo(), webhook_url=receiver.url)
        service.client.act(job, "cancel")

        def is_told() -> bool:
            service.send()
            for each in service.deliveries():
                if each["status"] == "waiting":
                    service.post(f"/v1/webhooks/deliveries/{each['id']}/redeliver")
            return bool(service.deliveries()[0]["status"] == "delivered")

        wait_until(is_told, "the guide's receiver has answered")
        assert f"job.canceled {job['id']}" in said.read_text()
    finally:
        child_processes.stop_child(child, grace_s=10)
