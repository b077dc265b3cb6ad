"""Bundles made of weights as they are published: converted, added and loaded."""

from pathlib import Path

import pytest
import torch

from tests.support.bundles import as_torch
from tests.support.graphs.faces import detector, landmarks, mask
from tests.support.graphs.frozen import frozen_graph, variables_of_unet
from tests.support.random_weights import randomise
from worker.__main__ import main
from worker.bundles.bundle import Bundle
from worker.bundles.weights import tensors_of
from worker.networks.animegan2 import AnimeGan2
from worker.styles.catalog import style_of

ABOUT = ["--license", "LicenseRef-Test", "--origin", "https://example.org/weights"]


@pytest.fixture(autouse=True)
def styles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the command works on."""
    monkeypatch.setenv("CELSHADE_STYLES_DIR", str(tmp_path / "styles"))
    return tmp_path / "styles"


def made_of(arch: str, source: Path, folder: Path, name: str = "made") -> int:
    """Call the command."""
    return main(["styles", "convert", arch, str(source), str(folder), "--name", name, *ABOUT])


def test_a_checkpoint_of_animegan2_becomes_a_bundle(tmp_path: Path, styles: Path) -> None:
    network = randomise(AnimeGan2())
    (tmp_path / "face_paint.pt").write_bytes(as_torch(network))

    assert made_of("animegan2", tmp_path / "face_paint.pt", tmp_path / "made") == 0
    assert main(["styles", "add", str(tmp_path / "made")]) == 0

    manifest = Bundle.open(styles / "made").manifest
    assert (manifest.arch, manifest.commercial_use) == ("animegan2", False)
    assert manifest.files[0].format == "safetensors"
    assert style_of(Bundle.open(styles / "made")).card.multiple_of == 32


def test_the_graphs_of_dctnet_become_a_bundle(tmp_path: Path, styles: Path) -> None:
    folder = tmp_path / "damo"
    folder.mkdir()
    for seed, name in ((1, "cartoon_bg.pb"), (2, "cartoon_h.pb")):
        (folder / name).write_bytes(frozen_graph(variables_of_unet(seed=seed)))
    (folder / "alpha.jpg").write_bytes(mask(kind="jpeg"))
    (folder / "detector.pb").write_bytes(b"of no use without TensorFlow")

    assert made_of("dctnet", folder, tmp_path / "made") == 0
    assert main(["styles", "add", str(tmp_path / "made")]) == 0

    bundle = Bundle.open(styles / "made")
    assert {file.role for file in bundle.manifest.files} == {"background", "head", "mask"}
    assert style_of(bundle).degraded == ("faces",)
    for seed, role in ((1, "background"), (2, "head")):
        (file,) = (file for file in bundle.manifest.files if file.role == role)
        held = tensors_of(bundle.read(file), "safetensors", role)
        given = variables_of_unet(seed=seed)["generator/Conv_9/biases"]
        assert torch.equal(held["leave.bias"], torch.from_numpy(given))


def test_with_a_detector_and_landmarks_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "damo"
    folder.mkdir()
    for name in ("cartoon_bg.pb", "cartoon_h.pb"):
        (folder / name).write_bytes(frozen_graph(variables_of_unet()))
    (folder / "alpha.png").write_bytes(mask())
    (folder / "detector.onnx").write_bytes(detector())
    (folder / "keypoints.onnx").write_bytes(landmarks())

    assert made_of("dctnet", folder, tmp_path / "made") == 0

    assert style_of(Bundle.open(tmp_path / "made")).degraded == ()


def test_faults_are_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"block_a.0.1.weight": torch.zeros(1)}, tmp_path / "other.pt")
    (tmp_path / "empty").mkdir()
    faults = [
        (("animegan2", tmp_path / "other.pt", tmp_path / "a"), "weights of another network"),
        (("animegan2", tmp_path / "none.pt", tmp_path / "a"), "cannot be read"),
        (("dctnet", tmp_path / "empty", tmp_path / "a"), "one file like *_bg.pb; found: none"),
    ]
    for arguments, words in faults:
        assert made_of(*arguments) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "a").exists()


def test_a_folder_with_anything_in_it_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "w.pt").write_bytes(as_torch(randomise(AnimeGan2())))
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine.txt").write_text("mine")

    assert made_of("animegan2", tmp_path / "w.pt", tmp_path / "made") == 2

    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["mine.txt"]
    assert made_of("animegan2", tmp_path / "w.pt", tmp_path / "b", name="Bad Name") == 2
    assert "name: must be a-z" in capsys.readouterr().err
