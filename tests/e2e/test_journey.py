"""A photo's whole way through the running service, over both stores."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from tests.e2e.conftest import Calling
from tests.e2e.stack import Stack, running_stack
from tests.support.checkout import ROOT

PHOTO = ROOT / "tests" / "photos" / "astronaut.jpg"
SECRET = b"taken by Ada at 1 Mill Lane"
STAGES = {f"{stage}_ms" for stage in ("fetch", "decode", "wait", "forward", "encode", "store")}


@pytest.fixture(scope="module", params=["local", "s3"])
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    env = {"CELSHADE_STYLES": "ink"}
    with running_stack(tmp_path_factory.mktemp("stack"), store=request.param, env=env) as stack:
        yield stack


def telling_photo() -> bytes:
    """A photo that says where and by whom it was taken, in EXIF and in a comment."""
    exif, file = Image.Exif(), io.BytesIO()
    exif[ExifTags.Base.Artist] = SECRET.decode()
    exif[ExifTags.IFD.GPSInfo] = {ExifTags.GPS.GPSAreaInformation: SECRET}
    with Image.open(PHOTO) as image:
        image.save(file, "jpeg", exif=exif, comment=SECRET)
    assert file.getvalue().count(SECRET) == 3
    return file.getvalue()


def test_photo_in_cartoon_out(call: Calling, stack: Stack) -> None:
    caller = call(stack)
    job = caller.wait_for(caller.submit(telling_photo(), size="256")["id"])
    assert job["status"] == "succeeded", job
    data = caller.picture(job)
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.size) == ("JPEG", (256, 256))
    assert len(picture.getexif()) == 0
    assert SECRET not in data
    assert set(job["metrics"]["stages"]) == STAGES
    assert (job["cache"]["status"], job["attempts"]) == ("miss", 1)


def test_the_same_photo_again_is_a_hit_without_a_worker(call: Calling, stack: Stack) -> None:
    caller = call(stack)
    photo = PHOTO.read_bytes()
    first = caller.wait_for(caller.submit(photo, size="300")["id"])
    with stack.frozen("worker-1"):
        answer = caller.post(photo, size="300")
    assert answer.status_code == 201
    again = answer.json()
    assert (again["status"], again["cache"]["status"]) == ("succeeded", "hit")
    assert again["id"] != first["id"]
    assert again["output"]["sha256"] == first["output"]["sha256"]
    assert caller.picture(again) == caller.picture(first)


def test_the_command_renders_into_a_directory(call: Calling, stack: Stack, tmp_path: Path) -> None:
    photos = [str(PHOTO), str(tmp_path / "missing.jpg")]
    options = ["-o", str(tmp_path / "out"), "--size", "256", "--format", "webp", "--url", stack.url]
    done = subprocess.run(
        [sys.executable, "-m", "celshade", "render", *photos, *options],
        cwd=ROOT / "client",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "missing.jpg" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    (written,) = (tmp_path / "out").iterdir()
    with Image.open(written) as picture:
        assert picture.format == "WEBP"
