"""Makes bundles that tests serve, spoil and fetch."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import nn

from tests.support.graphs.onnx_graphs import Graph
from tests.support.random_weights import randomise
from worker.bundles.bundle import Bundle
from worker.bundles.writing import Part, write_bundle
from worker.networks.animegan2 import AnimeGan2
from worker.networks.toon_unet import ToonUNet

LEVELS = {"input_range": [0, 255], "output_range": [0, 255], "multiple_of": 1}


def about(name: str, arch: str, **more: Any) -> dict[str, Any]:
    """All that a manifest must say, but its files."""
    fields = {
        "name": name,
        "version": "1.0",
        "title": name.title(),
        "arch": arch,
        "sizes": {"native_px": 512},
        "license": "CC0-1.0",
        "commercial_use": True,
        "origin": "https://example.org/styles",
    }
    return fields | more


def manifest_of(**changes: Any) -> bytes:
    """A manifest that is right but for what is changed; `...` leaves a field out."""
    right = about("paprika", "animegan2", schema=1, files=[listed()])
    changed = {name: value for name, value in (right | changes).items() if value is not ...}
    return json.dumps(changed).encode()


def listed(**changes: Any) -> dict[str, Any]:
    """A file of a manifest."""
    right = {"path": "weights.pt", "sha256": "0" * 64, "format": "torch", "role": "main"}
    return right | changes


def as_safetensors(network: nn.Module) -> bytes:
    """A network's weights as a safetensors file."""
    return safetensors.torch.save(dict(network.state_dict()))


def as_torch(network: nn.Module) -> bytes:
    """A network's weights as the public checkpoints hold them: a state dict of torch's own."""
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    return file.getvalue()


def animegan2_bundle(folder: Path, name: str = "paprika", **more: Any) -> Bundle:
    """A bundle of AnimeGANv2 with random weights, in the public checkpoints' form."""
    part = Part("weights.pt", as_torch(randomise(AnimeGan2())), "torch", "main")
    return write_bundle(folder, about(name, "animegan2", **more), [part])


def toon_unet_bundle(folder: Path, name: str = "toon", **more: Any) -> Bundle:
    """A bundle of our own small network with random weights, as safetensors."""
    network = randomise(ToonUNet(more.get("ending", "sum")))
    part = Part("w.safetensors", as_safetensors(network), "safetensors", "main")
    return write_bundle(folder, about(name, "toon_unet", **more), [part])


def inverting_onnx(layout: str = "NCHW", shape: Sequence[int | str] | None = None) -> bytes:
    """An ONNX graph that turns levels into 255 less them."""
    graph = Graph()
    graph.op("Sub", graph.constant("white", torch.tensor(255.0).numpy()), "photo", output="cartoon")
    axes: dict[str, int | str] = {"N": 1, "C": 3, "H": "height", "W": "width"}
    return graph.model(shape=shape or [axes[axis] for axis in layout])


def graph_bundle(
    folder: Path,
    data: bytes,
    *,
    name: str = "negative",
    kind: Any = "onnx",
    layout: str = "NCHW",
    **interface: Any,
) -> Bundle:
    """A bundle of an opaque graph that takes levels."""
    tensors = {"layout": layout, "channels": "rgb", **LEVELS, **interface}
    part = Part(f"graph.{kind}", data, kind, "main")
    return write_bundle(folder, about(name, "graph", io=tensors), [part])
