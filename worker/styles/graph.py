"""Styles that are opaque graphs: ONNX files, and TorchScript files such as `dctnet_cartoon.ts`.

What goes in and comes out is declared in the manifest, never guessed; what the file itself says of
its tensors must agree. torch has deprecated TorchScript: it is read here, it is no format of ours.
"""

import io
from typing import Any, Protocol

import torch

from common.errors import ConfigurationError
from worker.bundles.bundle import Bundle
from worker.bundles.manifest import Interface
from worker.networks.onnx_session import open_session
from worker.networks.precision import Precision
from worker.styles import tensors
from worker.styles.base import StyleCard
from worker.styles.card import card_of

_ONNX_TYPES = {"float32": "tensor(float)", "uint8": "tensor(uint8)"}


class _Graph(Protocol):
    """A loaded graph: one tensor in, one out, on the style's device."""

    def __call__(self, entering: torch.Tensor) -> torch.Tensor: ...


class GraphStyle:
    """A style whose one file is its own program."""

    degraded: tuple[str, ...] = ()  # it is whole, or it does not load

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._io = bundle.manifest.interface
        self._card = card_of(bundle, (__file__,), batches=False)
        self._graph: _Graph | None = None

    @property
    def card(self) -> StyleCard:
        """What the style says of itself; float32 stands for the graph's own types."""
        return self._card

    def load(self, device: torch.device, precision: Precision) -> None:
        """Read the graph, verified, and place it.

        Raises:
            ConfigurationError: It is not what the manifest says, or ONNX Runtime is missing.
        """
        (file,) = self._bundle.manifest.files_of("main")
        data, where = self._bundle.read(file), f"{self._bundle}: '{file.path}'"
        if file.format == "onnx":
            self._graph = _OnnxGraph(data, self._io, device, where)
        else:
            self._graph = _TorchScript(data, device, where)

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Turn photos into cartoons, one by one; uint8 [N, 3, H, W] in and out."""
        return torch.cat([self._draw(photo.unsqueeze(0)) for photo in photos])

    def _draw(self, photo: torch.Tensor) -> torch.Tensor:
        if self._graph is None:
            raise ConfigurationError(f"{self._bundle} is not loaded.")
        answer = self._graph(tensors.to_network(photo, self._io).contiguous())
        expected = 3 if self._io.layout == "HWC" else 4
        if answer.ndim != expected:
            raise ConfigurationError(
                f"{self._bundle} answered a tensor of {answer.ndim} axes; its manifest declares "
                f"{self._io.layout}."
            )
        return tensors.to_cartoons(answer, self._io, *photo.shape[-2:])


class _TorchScript:
    """A TorchScript file."""

    def __init__(self, data: bytes, device: torch.device, where: str) -> None:
        try:
            file = io.BytesIO(data)
            module = torch.jit.load(file, device)  # type: ignore[no-untyped-call]  # torch's lack
        except (RuntimeError, ValueError) as error:
            raise ConfigurationError(f"{where} is no TorchScript file ({error}).") from error
        self._module = module.eval()

    def __call__(self, entering: torch.Tensor) -> torch.Tensor:
        answer = self._module(entering)
        if not isinstance(answer, torch.Tensor):
            raise ConfigurationError(
                f"The graph answered a {type(answer).__name__}; export one that answers a tensor."
            )
        return answer


class _OnnxGraph:
    """An ONNX file in ONNX Runtime.

    Args:
        data: The file's bytes; tensors that lie in files of their own are not read.
        io: What the manifest declares.
        device: Where it runs.
        where: The file's name, for the fault's reader.

    Raises:
        ConfigurationError: It is no such file, or its tensors are not those declared.
    """

    def __init__(self, data: bytes, io: Interface, device: torch.device, where: str) -> None:
        self._device = device
        self._session = open_session(data, device, where)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if (len(inputs), len(outputs)) != (1, 1):
            raise ConfigurationError(
                f"{where} has {len(inputs)} inputs and {len(outputs)} outputs; one each is needed."
            )
        self._input = inputs[0].name
        if faults := _faults(inputs[0].type, inputs[0].shape, io):
            raise ConfigurationError(f"{where}: its input {'; '.join(faults)}.")

    def __call__(self, entering: torch.Tensor) -> torch.Tensor:
        (answer,) = self._session.run(None, {self._input: entering.cpu().numpy()})
        return torch.from_numpy(answer).to(self._device)


def _faults(kind: str, shape: list[Any], io: Interface) -> list[str]:
    """Say where an ONNX input is not what the manifest declares."""
    faults = []
    if kind != _ONNX_TYPES[io.dtype]:
        faults.append(f"is {kind}, its manifest declares {io.dtype}")
    if len(shape) != len(io.layout):
        faults.append(f"has the shape {shape}, its manifest declares {io.layout}")
        return faults
    axes = dict(zip(io.layout, shape, strict=True))
    if isinstance(axes["C"], int) and axes["C"] != 3:  # noqa: PLR2004 - colours
        faults.append(f"has {axes['C']} channels where {io.layout} has its 3")
    if isinstance(axes["H"], int) or isinstance(axes["W"], int):
        faults.append(f"has fixed sides, {shape}: export it with dynamic ones")
    if isinstance(axes.get("N"), int) and axes["N"] != 1:
        faults.append(f"takes {axes['N']} photos at once: export it for one, or for any number")
    return faults
