"""The local store on disks that are full, read-only, gone, or full of traps."""

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.errors import ObjectMissing, StorageUnavailable
from common.objects.factory import open_local_store
from common.objects.local import STRAY_AFTER_S, LocalStore
from common.settings import Settings

NAME = "outputs/ab/1.png"
NOBODY = 65534  # the user without rights, on every Unix
LIMIT_BYTES = 100_000


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """Let the kernel refuse files over LIMIT_BYTES in the midst of writing, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def read_only(root: Path) -> Iterator[None]:
    """Take the right to write below a directory, from root as well."""
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    was_root = os.geteuid() == 0
    try:
        if was_root:
            os.seteuid(NOBODY)
        yield
    finally:
        if was_root:
            os.seteuid(0)
        for folder in folders:
            folder.chmod(0o755)


def objects_of(settings: Settings) -> Path:
    return settings.data_dir / "objects"


def drafts_of(settings: Settings) -> list[Path]:
    return list((objects_of(settings) / ".drafts").iterdir())


def test_a_full_disk_leaves_the_old_object_and_no_stray_file(
    local_store: LocalStore, local_settings: Settings
) -> None:
    local_store.put(NAME, b"before", content_type="image/png")
    with full_disk(), pytest.raises(StorageUnavailable):
        local_store.put(NAME, bytes(10 * LIMIT_BYTES), content_type="image/png")
    with full_disk(), pytest.raises(StorageUnavailable):
        local_store.put("inputs/ab", bytes(10 * LIMIT_BYTES), content_type="image/png")
    assert local_store.get(NAME) == b"before"
    assert list(local_store.list_names()) == [NAME]
    assert drafts_of(local_settings) == []


def test_a_read_only_disk_is_still_read() -> None:
    with tempfile.TemporaryDirectory() as directory:  # pytest's own is closed to other users
        Path(directory).chmod(0o755)
        settings = Settings(objects="local", data_dir=Path(directory))
        store = open_local_store(settings)
        store.put(NAME, b"picture", content_type="image/png")
        with read_only(objects_of(settings)):
            verbs: list[Callable[[], object]] = [
                lambda: store.put(NAME, b"new", content_type="image/png"),
                lambda: store.delete([NAME]),
                store.probe,
            ]
            for verb in verbs:
                with pytest.raises(StorageUnavailable):
                    verb()
            assert store.get(NAME) == b"picture"
        assert drafts_of(settings) == []


def test_a_disk_that_is_gone_is_not_an_empty_one(
    local_store: LocalStore, local_settings: Settings
) -> None:
    local_store.put(NAME, b"picture", content_type="image/png")
    objects_of(local_settings).rename(objects_of(local_settings).with_name("unmounted"))
    for verb in (
        lambda: local_store.put(NAME, b"new", content_type="image/png"),
        lambda: local_store.get(NAME),
        lambda: local_store.exists(NAME),
        lambda: local_store.delete([NAME]),
        lambda: list(local_store.list_names()),
        local_store.probe,
    ):
        with pytest.raises(StorageUnavailable):
            verb()
    assert not objects_of(local_settings).exists()


def test_a_directory_that_cannot_be_made_is_said_at_start(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "objects").write_text("in the way")
    with pytest.raises(StorageUnavailable):
        open_local_store(Settings(objects="local", data_dir=tmp_path / "data"))


def test_a_writer_killed_in_the_midst_leaves_nothing_to_see(local_settings: Settings) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from common.settings import Settings\n"
        "from common.objects.factory import open_local_store\n"
        "store = open_local_store(Settings(objects='local', data_dir=Path(sys.argv[1])))\n"
        f"store.put('{NAME}', sys.stdin.buffer, content_type='image/png')\n"
    )
    command = [sys.executable, "-c", script, str(local_settings.data_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0) as writer:
        assert writer.stdin
        writer.stdin.write(bytes(3_000_000))  # more than a pipe holds: a part is in the file
        writer.kill()
        writer.wait()
    store = open_local_store(local_settings)
    assert not store.exists(NAME)
    assert list(store.list_names()) == []
    [draft] = drafts_of(local_settings)
    long_ago = time.time() - STRAY_AFTER_S - 1
    os.utime(draft, (long_ago, long_ago))
    (objects_of(local_settings) / ".drafts" / "of-a-put-under-way").touch()
    open_local_store(local_settings)
    assert [path.name for path in drafts_of(local_settings)] == ["of-a-put-under-way"]


def test_empty_directories_go_with_their_last_object(
    local_store: LocalStore, local_settings: Settings
) -> None:
    for number in (1, 2):
        local_store.put(f"outputs/ab/{number}.png", b"picture", content_type="image/png")
    local_store.delete(["outputs/ab/1.png"])
    assert (objects_of(local_settings) / "outputs" / "ab").is_dir()
    local_store.delete(["outputs/ab/2.png"])
    assert not (objects_of(local_settings) / "outputs" / "ab").exists()
    assert (objects_of(local_settings) / "outputs").is_dir()


def test_symbolic_links_lead_nowhere(
    local_store: LocalStore, local_settings: Settings, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    root = objects_of(local_settings)
    (root / "outputs").symlink_to(outside)
    (root / "inputs").mkdir()
    (root / "inputs" / "trap").symlink_to(outside / "secret")
    for verb in (
        lambda: local_store.get("outputs/secret"),
        lambda: local_store.delete(["outputs/secret"]),
        lambda: local_store.put("outputs/new", b"x", content_type="image/png"),
    ):
        with pytest.raises(StorageUnavailable, match="symbolic link"):
            verb()
    with pytest.raises(ObjectMissing):
        local_store.get("inputs/trap")
    assert list(local_store.list_names()) == []
    local_store.delete(["inputs/trap"])
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_an_object_deleted_while_it_is_read_is_read_to_its_end(local_store: LocalStore) -> None:
    local_store.put(NAME, b"picture", content_type="image/png")
    with local_store.open(NAME) as file:
        local_store.delete([NAME])
        assert file.read() == b"picture"


def test_the_local_store_does_not_load_boto3(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from common.settings import Settings\n"
        "from common.objects.factory import open_store\n"
        "settings = Settings(objects='local', data_dir=Path(sys.argv[1]))\n"
        "open_store(settings, timeout_s=1, attempts=1)\n"
        "sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, timeout=60)
