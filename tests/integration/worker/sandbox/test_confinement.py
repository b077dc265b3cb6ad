"""What a codec process holds: no secret, no file, no way up; and nothing survives its owner."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from common.photos import PhotoLimits
from tests.integration.worker.sandbox.conftest import GOOD_PHOTO, MB, MakePool
from tests.support import checkout
from tests.support.codec_processes import codec_pids, cpu_s, memory_holds
from tests.support.photos import memory_bomb, scan_bomb
from tests.support.supervised import until
from worker.sandbox.limits import DecoderLimits
from worker.sandbox.pool import DecoderPool

SHARED = "/dev/shm/"  # noqa: S108 - where shared memory with a name would lie
SECRET = "a-secret-of-this-test-8c1f"
OWNER = """
import signal, sys
from pathlib import Path
from common.settings import Settings
from worker.sandbox.limits import DecoderLimits
from worker.sandbox.pool import DecoderPool

pool = DecoderPool(DecoderLimits.of(Settings(decode_cpu_s=60)), 2)
pool.start()
pool.decode(Path(sys.argv[1]).read_bytes(), 256)
signal.pause()
"""


@pytest.fixture
def pid(make_pool: MakePool, monkeypatch: pytest.MonkeyPatch) -> int:
    """A process that has decoded a photo for an owner with secrets and open files."""
    monkeypatch.setenv("CELSHADE_S3_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("CELSHADE_REDIS_URL", f"redis://:{SECRET}@127.0.0.1:1/0")
    pool = make_pool()
    pool.decode(GOOD_PHOTO, 256)
    (pid,) = pool.idle_pids
    return pid


def test_it_holds_no_secret(pid: int) -> None:
    environment = Path(f"/proc/{pid}/environ").read_text()
    assert "PYTHONPATH=" in environment
    assert "CELSHADE_" not in environment
    assert memory_holds(pid, b"worker.sandbox.process")  # the search itself works
    assert not memory_holds(pid, SECRET.encode())


def test_it_holds_no_file_but_its_own(pid: int) -> None:
    files = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()}
    kinds = sorted(name.split(":")[0] for name in files)
    assert kinds == ["/dev/null", "/memfd", "pipe", "pipe"]
    assert os.readlink(f"/proc/{pid}/cwd") == "/"


def test_it_gains_nothing_and_goes_first(pid: int) -> None:
    status = Path(f"/proc/{pid}/status").read_text()
    assert "NoNewPrivs:\t1" in status
    assert Path(f"/proc/{pid}/oom_score_adj").read_text().strip() == "1000"
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    rows = {line[:26].strip(): line[26:].split()[:2] for line in limits}
    assert rows["Max core file size"] == ["0", "0"]
    address_space = int(rows["Max address space"][0])
    assert 1600 * MB < address_space < 2600 * MB
    assert rows["Max address space"][1] == str(address_space)
    assert int(rows["Max cpu time"][0]) <= 65


def test_it_imports_no_torch_and_no_settings(pid: int) -> None:
    mapped = Path(f"/proc/{pid}/maps").read_text()
    assert "numpy" in mapped
    assert "torch" not in mapped
    assert "pydantic" not in mapped


@pytest.mark.parametrize("is_at_work", [True, False])
def test_nothing_survives_an_owner_that_is_killed(tmp_path: Path, is_at_work: bool) -> None:
    bomb = tmp_path / "bomb.jpg"
    bomb.write_bytes(scan_bomb() if is_at_work else GOOD_PHOTO)
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(bomb)], cwd=checkout.ROOT)
    try:
        until(lambda: len(codec_pids(owner.pid)) == 2, "it has two processes")
        pids = codec_pids(owner.pid)
        if is_at_work:
            until(lambda: max(map(cpu_s, pids)) > 1, "one is at work")
        # What has no name goes with its last user.
        until(lambda: all("memfd:" in mapped(pid) for pid in pids), "they share memory")
        assert SHARED not in "".join(map(mapped, [owner.pid, *pids]))
    finally:
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    until(lambda: not any(is_running(pid) for pid in pids), "they are gone")


def mapped(pid: int) -> str:
    """What a process has in its memory, with the names of the files."""
    return Path(f"/proc/{pid}/maps").read_text()


def is_running(pid: int) -> bool:
    """Say whether there is such a process and it is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_large_photos_leave_their_memory(make_pool: MakePool) -> None:
    pool = make_pool()
    (pid,) = pool.idle_pids
    pool.decode(memory_bomb("PNG", side_px=5000), 256)  # 75 MB of pixels
    shared = next(
        link for link in Path(f"/proc/{pid}/fd").iterdir() if "memfd" in os.readlink(link)
    )
    assert os.stat(shared).st_blocks * 512 <= 20 * MB


def test_a_pool_that_cannot_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    limits = DecoderLimits(PhotoLimits(1000, 1, 20.0), MB, 1, 64 * MB)
    with pytest.raises(ConfigurationError, match="/nowhere/python"):
        DecoderPool(limits, 1).start()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ConfigurationError, match="exit code 1"):
        DecoderPool(limits, 1).start()
