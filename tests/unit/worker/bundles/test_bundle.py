"""Files of a bundle: nobody gets to see one that is not what the manifest names."""

import os
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigurationError
from tests.support.bundles import graph_bundle, inverting_onnx
from worker.bundles import bundle as bundle_module
from worker.bundles.bundle import Bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return graph_bundle(tmp_path / "negative", inverting_onnx())


@pytest.fixture
def graph(bundle: Bundle) -> Path:
    return bundle.folder / "graph.onnx"


def test_a_right_file_is_read(bundle: Bundle) -> None:
    bundle.verify()
    assert bundle.read(bundle.manifest.files[0]) == inverting_onnx()


def test_another_file_is_refused_with_both_hashes(bundle: Bundle, graph: Path) -> None:
    graph.write_bytes(b"something else")

    with pytest.raises(ConfigurationError) as raised:
        bundle.verify()

    # By sha256sum.
    found = "f41f3fa625ff120ddca7ef456bf66371ecea23c129f4e4c32367101edb516cf8"
    expected = bundle.manifest.files[0].sha256
    assert f"'graph.onnx' has the SHA-256 {found}" in str(raised.value)
    assert f"model.json names {expected}" in str(raised.value)


def test_a_missing_file_is_said_to_be_missing(bundle: Bundle, graph: Path) -> None:
    graph.unlink()

    with pytest.raises(ConfigurationError, match=r"graph\.onnx cannot be read: No such file"):
        bundle.verify()


def test_a_link_is_not_followed_even_to_the_right_bytes(
    bundle: Bundle, graph: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.onnx"
    graph.rename(elsewhere)
    graph.symlink_to(elsewhere)

    with pytest.raises(ConfigurationError, match=r"graph\.onnx is a link"):
        bundle.verify()


def test_a_pipe_and_a_folder_are_no_files(bundle: Bundle, graph: Path) -> None:
    graph.unlink()
    os.mkfifo(graph)
    with pytest.raises(ConfigurationError, match="is no file"):
        bundle.verify()

    graph.unlink()
    graph.mkdir()
    with pytest.raises(ConfigurationError, match="is no file"):
        bundle.verify()


def test_a_file_that_is_too_large_is_not_read(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_module, "MAX_FILE_BYTES", 16)

    with pytest.raises(ConfigurationError, match="too large"):
        bundle.verify()


def test_a_manifest_that_is_a_link_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "model.json").symlink_to(bundle.folder / "model.json")

    with pytest.raises(ConfigurationError, match="is a link"):
        Bundle.open(other)


def test_what_decides_pixels_decides_the_version(tmp_path: Path) -> None:
    def digest(name: str, data: bytes, title: str = "A", code: str = "c", **io: Any) -> str:
        made = graph_bundle(tmp_path / name, data, **io)
        text = (made.folder / "model.json").read_text().replace('"Negative"', f'"{title}"')
        (made.folder / "model.json").write_text(text)
        return Bundle.open(made.folder).digest(code)

    first = digest("a", inverting_onnx())

    assert digest("b", inverting_onnx(), title="B") == first
    assert digest("c", inverting_onnx("NHWC"), layout="NHWC") != first
    assert digest("d", inverting_onnx(), multiple_of=2) != first
    assert digest("e", inverting_onnx(), code="d") != first
