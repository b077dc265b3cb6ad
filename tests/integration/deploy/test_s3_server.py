"""The embedded S3 server: real ones, really killed."""

import stat
from pathlib import Path

from common.objects.factory import open_s3_store
from common.objects.names import new_input_name
from deploy.local import s3_server
from tests.support import servers


def test_it_comes_back_on_the_same_port_with_its_keys_and_objects_after_sigkill(
    tmp_path: Path,
) -> None:
    first = s3_server.prepare(tmp_path, bucket="celshade")
    store = open_s3_store(servers.s3_settings_of(first), timeout_s=30, attempts=2)
    with servers.running_s3(first) as child:
        store.put("inputs/kept", b"photo", content_type="image/jpeg")
        child.kill()
        child.wait()
    second = s3_server.prepare(tmp_path, bucket="celshade")
    assert second == first
    with servers.running_s3(second):
        assert store.get("inputs/kept") == b"photo"


def test_the_directories_that_renders_share_outlive_their_last_object(tmp_path: Path) -> None:
    """Removed beside a put they would take the new object with them."""
    server = s3_server.prepare(tmp_path, bucket="celshade")
    store = open_s3_store(servers.s3_settings_of(server), timeout_s=30, attempts=2)
    names = [new_input_name(), f"outputs/{'ab' * 32}/1.png"]
    with servers.running_s3(server):
        for name in names:
            store.put(name, b"last", content_type="image/png")
        assert sorted(store.list_names()) == names
        store.delete(names)
        assert list(store.list_names()) == []
    bucket = server.objects_path / "celshade"
    assert sorted(path.name for path in bucket.iterdir()) == ["inputs", "outputs"]
    assert [path.name for path in (bucket / "outputs").iterdir()] == [s3_server.KEPT]


def test_its_keys_stand_in_one_private_file_and_in_no_command_line(tmp_path: Path) -> None:
    server = s3_server.prepare(tmp_path, bucket="celshade")
    with servers.running_s3(server) as child:
        command_line = Path(f"/proc/{child.pid}/cmdline")
        seen = command_line.read_text() if command_line.exists() else " ".join(server.command())
    assert server.secret_access_key not in seen
    assert server.access_key_id not in seen
    assert server.secret_access_key not in repr(server)
    assert server.secret_access_key not in (tmp_path / "s3.log").read_text()
    assert stat.S_IMODE((tmp_path / "server.json").stat().st_mode) == 0o600
