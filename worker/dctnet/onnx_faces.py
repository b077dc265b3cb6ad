"""Detector and landmark network as ONNX files, with the tensors of their frozen originals."""

from typing import Any

import torch

from common.errors import ConfigurationError
from worker.dctnet.faces import LANDMARKS
from worker.networks.onnx_session import open_session


class OnnxDetector:
    """A face detector.

    The file takes float32 [1, 512, 512, 3], RGB in [0, 255], and answers, in this order: boxes
    [1, N, 4] (top, left, bottom, right in [0, 1]), scores [1, N], and how many of them count, [1].
    """

    def __init__(self, data: bytes, device: torch.device, where: str) -> None:
        self._session = _open(data, device, where, outputs=3)

    def __call__(self, letterbox: torch.Tensor) -> torch.Tensor:
        """Find the faces of a picture."""
        boxes, scores, counts = _run(self._session, letterbox)
        count = int(counts.flatten()[0])
        return torch.cat((boxes[0], scores[0].unsqueeze(1)), 1)[:count]


class OnnxLandmarks:
    """A landmark network.

    The file takes float32 [1, 160, 160, 3], RGB in [0, 255], and answers [1, M], of which the first
    136 are x and y of 68 landmarks in [0, 1].
    """

    def __init__(self, data: bytes, device: torch.device, where: str) -> None:
        self._session = _open(data, device, where, outputs=1)

    def __call__(self, crop: torch.Tensor) -> torch.Tensor:
        """Find the landmarks of a face."""
        (answer,) = _run(self._session, crop)
        return answer[0, : 2 * LANDMARKS].reshape(LANDMARKS, 2)


def _open(data: bytes, device: torch.device, where: str, *, outputs: int) -> Any:
    session = open_session(data, device, where)
    found = len(session.get_inputs()), len(session.get_outputs())
    if found != (1, outputs):
        raise ConfigurationError(
            f"{where} has {found[0]} inputs and {found[1]} outputs instead of 1 and {outputs}; "
            "docs/styles.md says which."
        )
    return session


def _run(session: Any, photo: torch.Tensor) -> list[torch.Tensor]:
    """Show one picture, [H, W, 3], to a session."""
    entering = photo.unsqueeze(0).cpu().contiguous().numpy()
    answers = session.run(None, {session.get_inputs()[0].name: entering})
    return [torch.from_numpy(answer) for answer in answers]
