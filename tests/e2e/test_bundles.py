"""Styles reach a fleet in bundles: one directory, mounted read-only, served by every worker."""

import io
import subprocess
from pathlib import Path

import pytest
from PIL import Image
from pydantic import SecretStr

from common.settings import PREFIX, Settings
from tests.e2e.fleet import Fleet, running_fleet
from tests.e2e.stack import until
from tests.support import disks
from tests.support.bundles import graph_bundle, inverting_onnx, toon_unet_bundle
from tests.support.photos import flat_photo
from tests.support.platforms import namespaces_only
from worker.__main__ import main
from worker.bundles.bundle import Bundle
from worker.styles.catalog import style_of

COLOUR = (90, 120, 150)

pytestmark = [pytest.mark.timeout(600), namespaces_only]


@pytest.fixture
def styles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a graph and the weights of a network, put there by the command."""
    monkeypatch.setenv(f"{PREFIX}STYLES_DIR", str(tmp_path / "styles"))
    for made in (
        graph_bundle(tmp_path / "made" / "negative", inverting_onnx("HWC"), layout="HWC"),
        toon_unet_bundle(tmp_path / "made" / "toon"),
    ):
        assert main(["styles", "add", str(made.folder)]) == 0
    return tmp_path / "styles"


def rendered(fleet: Fleet, number: int, style: str) -> tuple[dict[str, object], Image.Image]:
    """Submit a photo at full strength and wait for its picture."""
    photo = flat_photo(COLOUR, number=number, size=(256, 160))
    job = fleet.client.submit(photo, style=style, strength="1", size="256", format="png")
    until(lambda: fleet.client.job(job)["status"] in ("succeeded", "failed"), "it has ended")
    ended = fleet.client.job(job)
    assert ended["status"] == "succeeded", ended
    answer = fleet.client.call("GET", f"/v1/jobs/{job['id']}/result", follow_redirects=True)
    return ended, Image.open(io.BytesIO(answer.data))


def test_a_directory_of_bundles_serves_a_fleet(
    clean_redis_url: str, tmp_path: Path, styles: Path
) -> None:
    settings = Settings(
        redis_url=SecretStr(clean_redis_url), objects="local", data_dir=tmp_path / "data"
    )
    shared = {
        "REDIS_URL": clean_redis_url,
        "STORE": "local",
        "DATA_DIR": str(settings.data_dir),
        "STYLES_DIR": str(styles),
        "DEVICE": "cpu",
        "WORKER_THREADS": "2",
        "MAX_BATCH": "1",
    }
    env = {f"{PREFIX}{name}": value for name, value in shared.items()}
    before = disks.read_only(styles)
    refused = subprocess.run([*before, "touch", styles / "x"], capture_output=True, check=False)
    assert b"Read-only" in refused.stderr

    with running_fleet(tmp_path, settings, env) as fleet:
        for name in ("one", "two"):
            fleet.start("worker", name, before=before)
            fleet.wait_for_state(name, "ready")
        offered = {style["name"] for style in fleet.client.get("/v1/styles").get_json()["data"]}
        assert {"negative", "toon"} <= offered

        job, picture = rendered(fleet, 1, "negative")
        assert picture.getpixel((200, 100)) == tuple(255 - level for level in COLOUR)

        job, picture = rendered(fleet, 2, "toon")
        assert picture.size == (256, 160)
        card = style_of(Bundle.open(styles / "toon")).card
        execution = job["execution"]
        assert isinstance(execution, dict)
        assert execution["model_digest"] == card.model_digest
        assert execution["degraded"] == []

        fleet.stop("one")  # either alone serves both
        assert rendered(fleet, 3, "negative")
