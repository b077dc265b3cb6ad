"""Weights: tensors and nothing else, of this very network and no other."""

import io
import pickle
from collections import OrderedDict
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from common.errors import ConfigurationError
from tests.support.bundles import as_safetensors, as_torch
from tests.support.random_weights import randomise
from worker.bundles.weights import fill, tensors_of


def network() -> nn.Sequential:
    """A small network."""
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(1, 4))


class Attack:
    """What runs code when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.trace,))


@pytest.mark.parametrize("kind", ["safetensors", "torch"])
def test_tensors_come_back(kind: str) -> None:
    given = randomise(network())
    data = as_safetensors(given) if kind == "safetensors" else as_torch(given)

    filled = network()
    fill(filled, tensors_of(data, kind, "w"), "w")

    for name, tensor in given.state_dict().items():
        assert torch.equal(tensor, filled.state_dict()[name])
    assert not filled.training
    assert not any(parameter.requires_grad for parameter in filled.parameters())


def test_half_precision_weights_are_widened() -> None:
    given = randomise(network()).half()

    with torch.device("meta"):
        filled = network()
    fill(filled, tensors_of(as_safetensors(given), "safetensors", "w"), "w")

    weight = filled.state_dict()["0.weight"]
    assert weight.dtype == torch.float32
    assert torch.equal(weight, given.state_dict()["0.weight"].float())


@pytest.mark.parametrize("wrap", ["torch", "plain", "legacy"])
def test_a_pickle_is_refused_and_runs_nothing(tmp_path: Path, wrap: str) -> None:
    trace, file = tmp_path / "trace", io.BytesIO()
    poison = {"weight": torch.zeros(1), "extra": Attack(trace)}
    if wrap == "plain":
        pickle.dump(poison, file)
    else:
        torch.save(poison, file, _use_new_zipfile_serialization=wrap == "torch")

    with pytest.raises(ConfigurationError, match="pickle of Python objects"):
        tensors_of(file.getvalue(), "torch", "weights.pt")

    assert not trace.exists()
    pickle.loads(pickle.dumps(Attack(trace)))  # noqa: S301 - the attack itself works
    assert trace.exists()


@pytest.mark.parametrize("kind", ["safetensors", "torch"])
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04broken", b"\x00" * 64, b"\xff" * 64, b"{}"])
def test_garbage_is_refused_in_a_line(kind: str, data: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"^weights "):
        tensors_of(data, kind, "weights")


def test_safetensors_that_claim_more_than_they_hold_are_refused() -> None:
    data = safetensors.torch.save({"a": torch.zeros(1000)})

    with pytest.raises(ConfigurationError, match="no safetensors file"):
        tensors_of(data[:-100], "safetensors", "weights")


@pytest.mark.parametrize("content", [[torch.zeros(1)], {"epoch": 3}, {1: torch.zeros(1)}])
def test_other_things_than_named_tensors_are_refused(content: object) -> None:
    file = io.BytesIO()
    torch.save(content, file)

    with pytest.raises(ConfigurationError, match="something else than named tensors"):
        tensors_of(file.getvalue(), "torch", "weights")


def test_the_weights_of_another_network_are_told_apart() -> None:
    tensors = OrderedDict(network().state_dict())
    tensors["2.weight"] = tensors.pop("0.weight")
    tensors["1.bias"] = torch.zeros(9)

    with pytest.raises(ConfigurationError) as raised:
        fill(network(), tensors, "weights")

    assert "lacks 0.weight; has besides 2.weight" in str(raised.value)
    assert "1.bias (9,) instead of (4,)" in str(raised.value)
