"""The small disk: what is on it stays, what fills it up is told so, and outside nothing is seen."""

import errno
import os
import subprocess
from pathlib import Path

import pytest

from tests.support import disks
from tests.support.platforms import namespaces_only


@namespaces_only
def test_a_disk_is_full_until_it_is_cleared(tmp_path: Path) -> None:
    directory = tmp_path / "disk"
    directory.mkdir()
    (directory / "kept").write_text("here")
    command = [*disks.small(directory, "1m"), "/bin/sh", "-c", "echo ready && read _"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        disk = disks.seen_by(process.pid, directory)
        assert (disk / "kept").read_text() == "here"
        with (
            disks.full(disk),
            pytest.raises(OSError, match=os.strerror(errno.ENOSPC)),
        ):
            (disk / "more").write_bytes(bytes(100_000))
        (disk / "more").write_bytes(bytes(100_000))
        process.communicate("\n")
    assert sorted(path.name for path in directory.iterdir()) == ["kept"]
