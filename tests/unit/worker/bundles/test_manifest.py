"""`model.json`: what it must say, and all its faults at once in plain words."""

from typing import Any

import pytest

from common.errors import ConfigurationError
from tests.support.bundles import listed, manifest_of
from worker.bundles.parsing import MAX_MANIFEST_BYTES, parse_manifest
from worker.networks.precision import Precision

TENSORS = {
    "layout": "NHWC",
    "channels": "bgr",
    "input_range": [-1, 1],
    "output_range": [0, 255],
    "multiple_of": 8,
}
GRAPH = {"arch": "graph", "io": TENSORS, "files": [listed(format="onnx")]}
FACE = [
    listed(path="bg.safetensors", format="safetensors", role="background"),
    listed(path="head.safetensors", format="safetensors", role="head"),
    listed(path="mask.png", format="image", role="mask"),
    listed(path="detector.onnx", format="onnx", role="detector"),
    listed(path="landmarks.onnx", format="onnx", role="landmarks"),
]


def faults(**changes: Any) -> str:
    """What is said of a manifest with these changes."""
    with pytest.raises(ConfigurationError) as raised:
        parse_manifest(manifest_of(**changes), "model.json")
    return str(raised.value)


def test_a_right_one_is_read() -> None:
    manifest = parse_manifest(
        manifest_of(
            precision={"allowed": ["float32", "bfloat16"], "psnr_min_db": 42}, description="Warm."
        ),
        "model.json",
    )

    assert manifest.name == "paprika"
    assert manifest.precision.allowed == (Precision.FLOAT32, Precision.BFLOAT16)
    assert manifest.sizes.max_px == 2048
    assert (manifest.interface.input_range, manifest.interface.multiple_of) == ((-1, 1), 32)


def test_all_faults_are_told_together() -> None:
    said = faults(
        schema=2,
        name="LOUD!",
        title=...,
        files=[listed(path="../secret", sha256="ABC")],
        sizes={"native_px": 100},
        commercial_use="no",
        origin="ftp://example.org",
        licence="MIT",
    )

    for words in (
        "schema: must be 1",
        "name: must be a-z",
        "title: is missing",
        "files.0.path: must be a bare file name",
        "files.0.sha256: must be 64 hexadecimal digits",
        "sizes: must hold: min_px <= native_px <= max_px",
        "commercial_use: must be a valid boolean",
        "origin: must be an http(s) address",
        "licence: is not known; is it misspelt?",
    ):
        assert f"model.json: {words}" in said
    assert len(said.splitlines()) == 9


@pytest.mark.parametrize(
    "path",
    [
        "../weights.pt",
        "/etc/passwd",
        "folder/weights.pt",
        "..",
        ".hidden",
        "a\\b",
        "C:weights.pt",
        "weights.pt\n",
        "weights\x00.pt",
        "",
        "x" * 129,
        "wéights.pt",
        "model.json",
        "MODEL.JSON",
    ],
)
def test_no_file_name_leaves_the_folder_or_hides(path: str) -> None:
    assert "files.0.path" in faults(files=[listed(path=path)])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"files": []}, "animegan2 needs a file of role 'main'"),
        ({"files": [listed(), listed(path="b.pt")]}, "two files of role 'main'"),
        ({"files": [listed(), listed()]}, "'weights.pt' is listed twice"),
        ({"files": [listed(), listed(path="WEIGHTS.pt", role="head")]}, "is listed twice"),
        ({"files": [listed(format="onnx")]}, "'weights.pt' must be one of: safetensors, torch"),
        ({"files": [listed(), listed(path="m", role="mask")]}, "no use for a file of role 'mask'"),
        ({"arch": "resnet"}, "arch: must be 'toon_unet'"),
        ({"ending": "cel"}, "only toon_unet has one"),
        ({"arch": "graph", "files": [listed(format="onnx")]}, "graph needs it"),
        ({"io": TENSORS}, "animegan2 takes"),
        (GRAPH | {"io": TENSORS | {"input_range": [1, -1]}}, "two numbers, the lower first"),
        (GRAPH | {"io": TENSORS | {"layout": "CHW"}}, "io.layout: must be"),
        (GRAPH | {"precision": {"allowed": ["bfloat16"]}}, "types it was exported with"),
        ({"precision": {"allowed": ["int8"]}}, "precision.allowed.0"),
        ({"title": "a\x1b[2Jb"}, "printable"),
        ({"license": "MIT\nand more"}, "printable"),
        ({"arch": "dctnet", "files": FACE[1:]}, "dctnet needs a file of role 'background'"),
        ({"arch": "dctnet", "files": FACE[:4]}, "the face step lacks landmarks"),
        ({"arch": "dctnet", "files": [FACE[0], *FACE[3:]]}, "the face step lacks head, mask"),
    ],
)
def test_contradictions_are_told(changes: dict[str, Any], words: str) -> None:
    assert words in faults(**changes)


@pytest.mark.parametrize("files", [FACE, FACE[:3], FACE[:1]], ids=["face", "head", "background"])
def test_dctnet_may_lack_who_finds_faces(files: list[dict[str, Any]]) -> None:
    manifest = parse_manifest(manifest_of(arch="dctnet", files=files), "model.json")

    assert len(manifest.files) == len(files)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 30_000])
def test_what_is_no_manifest_is_said_to_be_none(text: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"^x/model\.json: "):
        parse_manifest(text, "x/model.json")


def test_a_flood_is_not_read() -> None:
    with pytest.raises(ConfigurationError, match="over 65536 bytes"):
        parse_manifest(b" " * (MAX_MANIFEST_BYTES + 1), "model.json")
