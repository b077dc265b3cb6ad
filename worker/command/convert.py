"""`python -m worker styles convert`: makes bundles out of weights as they are published.

The hashes in a bundle made here are those of what was given: whether that is what its author
published is for the operator to see to.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import safetensors.torch
import torch
from torch import nn

from common.errors import ConfigurationError
from worker.bundles.bundle import MAX_FILE_BYTES, Bundle, read_regular
from worker.bundles.manifest import Format, Role
from worker.bundles.weights import fill, tensors_of
from worker.bundles.writing import Part, write_bundle
from worker.dctnet.conversion import convert as convert_graph
from worker.networks.animegan2 import AnimeGan2

_LOWER_PRECISIONS: Final = ["float32", "bfloat16", "float16"]  # each is measured before it is used
# AnimeGANv2's checkpoints were made on pictures of 512; DCT-Net works at a short side of 720.
_NATIVE_PX: Final = {"animegan2": 512, "dctnet": 1024}
# What a folder of ModelScope's holds: role -> pattern. All but the first may be missing.
_GRAPHS: Final[Mapping[Role, str]] = {"background": "*_bg.pb", "head": "*_h.pb"}
_OTHERS: Final[Mapping[Role, tuple[str, Format]]] = {
    "mask": ("alpha.*", "image"),
    "detector": ("detector.onnx", "onnx"),
    "landmarks": ("keypoints.onnx", "onnx"),
}


def convert(options: argparse.Namespace) -> Bundle:
    """Make a bundle.

    Args:
        options: As `arguments` parses them.

    Raises:
        ConfigurationError: The weights are not what they should be, or the folder is taken.
    """
    if options.arch == "animegan2":
        parts = [_from_checkpoint(options.source)]
    else:
        parts = _from_folder(options.source)
    about = {
        "name": options.name,
        "version": options.bundle_version,
        "title": options.title or options.name.title(),
        "arch": options.arch,
        "sizes": {"native_px": _NATIVE_PX[options.arch]},
        "precision": {"allowed": _LOWER_PRECISIONS},
        "license": options.license,
        "commercial_use": options.commercial_use,
        "origin": options.origin,
    }
    return write_bundle(options.folder, about, parts)


def _from_checkpoint(path: Path) -> Part:
    """Read a checkpoint of the public PyTorch port of AnimeGANv2."""
    tensors = tensors_of(read_regular(path, MAX_FILE_BYTES), "torch", str(path))
    with torch.device("meta"):
        network = AnimeGan2()
    fill(network, tensors, str(path))
    return _weights("main", network)


def _from_folder(folder: Path) -> list[Part]:
    """Read the frozen graphs of DCT-Net, and what lies beside them."""
    parts = []
    for role, pattern in _GRAPHS.items():
        for path in _found(folder, pattern, needed=role == "background"):
            network = convert_graph(read_regular(path, MAX_FILE_BYTES), str(path))
            parts.append(_weights(role, network))
    for role, (pattern, kind) in _OTHERS.items():
        for path in _found(folder, pattern, needed=False):
            data = read_regular(path, MAX_FILE_BYTES)
            parts.append(Part(f"{role}{path.suffix.lower()}", data, kind, role))
    return parts


def _found(folder: Path, pattern: str, *, needed: bool) -> list[Path]:
    """The one file of a pattern, or none."""
    paths = sorted(folder.glob(pattern))
    if len(paths) > 1 or (needed and not paths):
        names = ", ".join(path.name for path in paths) or "none"
        raise ConfigurationError(f"{folder} must hold one file like {pattern}; found: {names}.")
    return paths


def _weights(role: Role, network: nn.Module) -> Part:
    data = safetensors.torch.save(dict(network.state_dict()))
    return Part(f"{role}.safetensors", data, "safetensors", role)
