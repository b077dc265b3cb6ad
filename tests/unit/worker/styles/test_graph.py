"""Opaque graphs: run as declared, and refused where the file says otherwise."""

import io
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from onnx import TensorProto
from torch import nn

from common.errors import ConfigurationError
from tests.support.bundles import graph_bundle, inverting_onnx
from tests.support.graphs.onnx_graphs import Graph
from worker.networks.precision import Precision
from worker.styles.base import Style
from worker.styles.catalog import style_of

CPU = torch.device("cpu")


class Negative(nn.Module):
    """Turns levels into 255 less them."""

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        """Any shape."""
        return 255 - levels


class Pair(nn.Module):
    """Answers two tensors."""

    def forward(self, levels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Any shape."""
        return levels, levels


def scripted(module: nn.Module) -> bytes:
    """A TorchScript file."""
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(module), file)
    return file.getvalue()


def loaded(folder: Path, data: bytes, **declared: Any) -> Style:
    """A bundle of a graph, loaded."""
    style = style_of(graph_bundle(folder, data, **declared))
    style.load(CPU, Precision.FLOAT32)
    return style


@pytest.fixture
def photos() -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randint(0, 256, (2, 3, 5, 7), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC", "HWC"])
def test_an_onnx_graph_paints_in_its_declared_layout(
    tmp_path: Path, photos: torch.Tensor, layout: str
) -> None:
    style = loaded(tmp_path / "g", inverting_onnx(layout), layout=layout)

    assert torch.equal(style.forward(photos, 7), 255 - photos)
    assert not style.card.batches


@pytest.mark.parametrize("layout", ["NCHW", "NHWC", "HWC"])
def test_a_torchscript_graph_does_too(tmp_path: Path, photos: torch.Tensor, layout: str) -> None:
    style = loaded(tmp_path / "g", scripted(Negative()), kind="torchscript", layout=layout)

    assert torch.equal(style.forward(photos, 7), 255 - photos)


def test_bytes_go_in_as_bytes_and_colours_in_their_order(
    tmp_path: Path, photos: torch.Tensor
) -> None:
    graph = Graph()
    # Keeps the first channel alone: blue, where the declared order is BGR.
    keep = graph.constant("keep", torch.tensor([1, 0, 0], dtype=torch.uint8).numpy())
    graph.op("Mul", "photo", keep, output="cartoon")
    data = graph.model(shape=("h", "w", 3), dtype=TensorProto.UINT8, out_dtype=TensorProto.UINT8)
    style = loaded(tmp_path / "g", data, layout="HWC", dtype="uint8", channels="bgr")

    made = style.forward(photos, 7)

    assert torch.equal(made[:, 2], photos[:, 2])
    assert not made[:, :2].any()


@pytest.mark.parametrize(
    ("data", "declared", "words"),
    [
        (inverting_onnx("NHWC"), {"layout": "NCHW"}, "fixed sides, .1, 'height', 'width', 3."),
        (inverting_onnx(shape=("n", 1, "h", "w")), {}, "1 channels where NCHW has its 3"),
        (inverting_onnx("HWC"), {"layout": "NHWC"}, "its manifest declares NHWC"),
        (inverting_onnx(), {"dtype": "uint8"}, "is tensor.float., its manifest declares uint8"),
        (inverting_onnx(shape=(1, 3, 512, 512)), {}, "fixed sides"),
        (inverting_onnx(shape=(4, 3, "h", "w")), {}, "takes 4 photos at once"),
        (b"nonsense", {}, "no ONNX file that can be run"),
        (b"", {}, "no ONNX file that can be run"),
    ],
)
def test_an_onnx_file_that_is_not_as_declared_is_refused(
    tmp_path: Path, data: bytes, declared: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        loaded(tmp_path / "g", data, **declared)


def test_a_graph_whose_tensors_lie_in_other_files_reads_none_of_them(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"\x00" * 4)
    graph = Graph()
    graph.op("Sub", graph.constant("white", torch.tensor(255.0).numpy()), "photo", output="cartoon")
    tensor = graph.constants["white"]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    place = tensor.external_data.add()
    place.key, place.value = "location", "../secret"
    data = graph.model(check=False)

    with pytest.raises(ConfigurationError, match="no ONNX file that can be run"):
        loaded(tmp_path / "g", data)


@pytest.mark.parametrize("data", [b"", b"nonsense", inverting_onnx()])
def test_what_is_no_torchscript_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ConfigurationError, match="no TorchScript file"):
        loaded(tmp_path / "g", data, kind="torchscript")


def test_a_graph_must_answer_one_tensor_of_its_layout(tmp_path: Path, photos: torch.Tensor) -> None:
    pair = loaded(tmp_path / "pair", scripted(Pair()), kind="torchscript")
    with pytest.raises(ConfigurationError, match="answered a tuple"):
        pair.forward(photos, 7)

    flat = loaded(tmp_path / "flat", scripted(nn.Flatten()), kind="torchscript")
    with pytest.raises(ConfigurationError, match="a tensor of 2 axes"):
        flat.forward(photos, 7)


def test_without_onnx_runtime_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(ConfigurationError, match=r"-r requirements/graph\.txt"):
        loaded(tmp_path / "g", inverting_onnx())
