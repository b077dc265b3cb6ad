"""Weights: tensors out of verified bytes, into a network of ours. No pickle, no code.

safetensors holds nothing but tensors. Of torch's own files only those are read that torch's
restricted reader takes (`weights_only=True`): tensors and plain containers.
"""

import io
import pickle  # for the name of its error alone: nothing is unpickled here
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

import safetensors.torch
import torch
from torch import nn

from common.errors import ConfigurationError
from worker.bundles.bundle import Bundle
from worker.bundles.manifest import BundleFile

# How many names of a long list of faults are told.
TOLD: Final = 3
_PICKLE: Final = b"\x80"  # how one begins since protocol 2

_Network = TypeVar("_Network", bound=nn.Module)


def load_network(bundle: Bundle, file: BundleFile, build: Callable[[], _Network]) -> _Network:
    """Build a network and fill it from a file of a bundle.

    Args:
        bundle: The bundle.
        file: Which of its files; its hash is checked here.
        build: Builds the network; called where tensors have shapes but no memory.

    Returns:
        The network in float32 on the CPU, in evaluation mode, without gradients.

    Raises:
        ConfigurationError: The file is not what the manifest says, or fits another network.
    """
    where = f"{bundle}: '{file.path}'"
    tensors = tensors_of(bundle.read(file), file.format, where)
    with torch.device("meta"):
        network = build()
    fill(network, tensors, where)
    return network


def tensors_of(data: bytes, kind: str, where: str) -> dict[str, torch.Tensor]:
    """Read tensors by name.

    Args:
        data: The file's bytes.
        kind: `safetensors` or `torch`.
        where: The file's name, for the fault's reader.

    Raises:
        ConfigurationError: It is no such file, or holds more than tensors.
    """
    tensors = _from_safetensors(data, where) if kind == "safetensors" else _from_torch(data, where)
    if not isinstance(tensors, dict) or not all(
        isinstance(name, str) and isinstance(tensor, torch.Tensor)
        for name, tensor in tensors.items()
    ):
        raise ConfigurationError(f"{where} holds something else than named tensors.")
    return tensors


def _from_safetensors(data: bytes, where: str) -> object:
    try:
        return safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise ConfigurationError(
            f"{where} is no safetensors file ({error}). Is its format another one?"
        ) from None


def _from_torch(data: bytes, where: str) -> object:
    # torch writes archives, and wrote pickles of protocol 2; any other pickle is not its own.
    if data[:1] == _PICKLE and data[:2] != _PICKLE + b"\x02":
        raise _is_a_pickle(where)
    try:
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _is_a_pickle(where) from error
    except Exception as error:  # bytes from elsewhere: the reader may fail in any way
        raise ConfigurationError(f"{where} is no file of torch's ({error}).") from error


def _is_a_pickle(where: str) -> ConfigurationError:
    return ConfigurationError(
        f"{where} is a pickle of Python objects, not of tensors alone. It is refused: to load it "
        "could run any code. Ask its origin for the tensors alone, best as safetensors."
    )


def fill(network: nn.Module, tensors: Mapping[str, torch.Tensor], where: str) -> None:
    """Put tensors into a network, by name, in float32.

    Args:
        network: Built anywhere, the meta device included; evaluated from now on.
        tensors: Exactly its parameters and buffers, in any floating type.
        where: The file's name, for the fault's reader.

    Raises:
        ConfigurationError: Names or shapes are not those of this network.
    """
    wanted = network.state_dict()
    faults = [
        *_named("lacks", wanted.keys() - tensors.keys()),
        *_named("has besides", tensors.keys() - wanted.keys()),
    ]
    wrong = [
        f"{name} {tuple(tensors[name].shape)} instead of {tuple(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in tensors and tensors[name].shape != tensor.shape
    ]
    faults += _named("has other shapes:", wrong)
    if faults:
        raise ConfigurationError(
            f"{where} holds the weights of another network than {type(network).__name__}: it "
            f"{'; '.join(faults)}."
        )
    network.load_state_dict({name: tensors[name].float() for name in wanted}, assign=True)
    network.eval().requires_grad_(requires_grad=False)


def _named(what: str, names: Iterable[str]) -> list[str]:
    """Name the first few of what is wrong."""
    listed = sorted(names)
    if not listed:
        return []
    more = f" and {len(listed) - TOLD} more" if len(listed) > TOLD else ""
    return [f"{what} {', '.join(listed[:TOLD])}{more}"]
