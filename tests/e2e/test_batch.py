"""A batch of a hundred photos through the running service: one request in, one ZIP out.

What the API's processes have in memory at their highest is read from the kernel, before and after.
"""

import io
import json
import random
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.e2e.caller import Caller
from tests.e2e.conftest import Calling
from tests.e2e.stack import Stack, until
from tests.support.photos import grainy_photo

SIDE_PX = 520  # of noise: 0.8 MB each, in and out
MOST_GROWTH_BYTES = 40_000_000  # of one process; the request and the ZIP have 80 MB each


def api_processes(stack: Stack) -> list[int]:
    """The processes that serve; the master only minds them."""
    master = stack.pid("api")
    text = Path(f"/proc/{master}/task/{master}/children").read_text()
    return [int(word) for word in text.split()]


def forget_peak(pid: int) -> None:
    """Let the kernel begin to look for the highest memory anew (proc_pid_clear_refs(5))."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def memory_bytes(pid: int, name: str) -> int:
    """`VmRSS`, what is in memory now, or `VmHWM`, the most that was since `forget_peak`."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def wait_for_end(caller: Caller, batch: dict[str, Any]) -> dict[str, Any]:
    """Poll until the batch has ended."""
    seen = batch

    def has_ended() -> bool:
        nonlocal seen
        seen = caller.http.get(f"/v1/batches/{batch['id']}", headers={"Prefer": "wait=20"}).json()
        return bool(seen["status"] != "running")

    until(has_ended, "the batch ends", timeout_s=600)
    return seen


@pytest.fixture(scope="module")
def photos() -> list[tuple[str, bytes]]:
    """A hundred: two that came before, and one that is none."""
    numbers = random.Random(7)  # noqa: S311 - noise, not a secret
    made = [(f"Photo {n}.png", grainy_photo(numbers, side_px=SIDE_PX)) for n in range(97)]
    return [*made, ("again.png", made[0][1]), ("Photo 1.png", made[1][1]), ("notes.txt", b"none")]


def test_a_hundred_photos_in_one_request_and_out_in_one_zip(
    call: Calling,
    one_worker: Stack,
    audited: Callable[[Stack], None],
    photos: list[tuple[str, bytes]],
    tmp_path: Path,
) -> None:
    caller = call(one_worker)
    caller.submit(grainy_photo(random.Random(1)), style="marked")  # noqa: S311 - noise
    pids = api_processes(one_worker)
    before = {pid: memory_bytes(pid, "VmRSS") for pid in pids}
    for pid in pids:
        forget_peak(pid)

    files = [("image", (name, content)) for name, content in photos]
    fields = {"style": "marked", "strength": "1", "format": "png", "size": "520"}
    answer = caller.http.post("/v1/batches", data=fields, files=files, timeout=600)
    assert answer.status_code in (201, 202), answer.text
    batch = wait_for_end(caller, answer.json())
    assert batch["status"] == "succeeded_with_errors"
    assert (batch["counts"]["total"], batch["counts"]["succeeded"]) == (100, 99)
    assert batch["items"][99]["error"]["code"] == "unsupported_media_type"

    path = tmp_path / "batch.zip"
    with caller.http.stream("GET", batch["urls"]["archive"], timeout=600) as download:
        assert download.status_code == 200
        with path.open("wb") as file:
            for chunk in download.iter_bytes():
                file.write(chunk)
    assert path.stat().st_size == int(download.headers["Content-Length"]) > 60_000_000

    for pid in pids:
        grown = memory_bytes(pid, "VmHWM") - before[pid]
        assert grown < MOST_GROWTH_BYTES, f"{pid} grew by {grown:,} bytes"
    check_zip(path, photos)
    audited(one_worker)


def check_zip(path: Path, photos: list[tuple[str, bytes]]) -> None:
    """Hold a ZIP to its manifest, and to the photos that its pictures were made from."""
    if shutil.which("unzip"):
        told = subprocess.run(["unzip", "-tq", path], capture_output=True, text=True, check=True)  # noqa: S607 - whichever there is
        assert "No errors detected" in told.stdout
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        listed = manifest["files"]
        assert archive.namelist() == ["manifest.json", *(one["name"] for one in listed)]
        assert [one["name"] for one in listed[-3:]] == [
            "Photo-96.png",
            "again.png",
            "Photo-1-2.png",
        ]
        assert manifest["missing"] == []
        digests = [sha256(archive.read(one["name"])).hexdigest() for one in listed]
        assert digests == [one["sha256"] for one in listed]
        assert len(set(digests)) == 97
        for number in (0, 50, 96):
            with Image.open(io.BytesIO(archive.read(listed[number]["name"]))) as picture:
                corner = picture.convert("RGB").getpixel((0, 0))
            with Image.open(io.BytesIO(photos[number][1])) as photo:
                colour = photo.getpixel((0, 0))
            assert isinstance(corner, tuple)
            assert isinstance(colour, tuple)
            assert [255 - part for part in colour] == pytest.approx(corner, abs=2)
