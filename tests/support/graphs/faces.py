"""Synthetic parts of DCT-Net's face step: who always sees the same face, as ONNX files."""

import io

import numpy as np
import torch
from PIL import Image

from tests.support.graphs.onnx_graphs import Graph

LANDMARKS = torch.zeros(68, 2)
# A face seen from the front, around (0.5, 0.5) of the crop: eyes, nose, corners of the mouth.
for eye, x in ((36, 0.38), (42, 0.62)):
    for corner, (dx, dy) in enumerate(
        [(-0.06, 0), (-0.02, -0.03), (0.02, -0.03), (0.06, 0), (0.02, 0.03), (-0.02, 0.03)]
    ):
        LANDMARKS[eye + corner] = torch.tensor([x + dx, 0.42 + dy])
LANDMARKS[30] = torch.tensor([0.5, 0.55])
LANDMARKS[48] = torch.tensor([0.40, 0.68])
LANDMARKS[54] = torch.tensor([0.60, 0.68])


def answering(shape: tuple[int, ...], *answers: np.ndarray) -> bytes:
    """A graph that answers the same, whatever it is shown."""
    graph = Graph()
    for number, answer in enumerate(answers):
        graph.op("Identity", graph.constant(f"c{number}", answer), output=f"out{number}")
    return graph.model_of(("photo", shape), [(f"out{n}", a) for n, a in enumerate(answers)])


def detector(score: float = 0.95) -> bytes:
    """A detector that sees one face in the middle, and another that does not count."""
    boxes = np.array([[[0.3, 0.3, 0.7, 0.7], [0.0, 0.0, 0.5, 0.5]]], "f4")
    scores = np.array([[score, 0.99]], "f4")
    return answering((1, 512, 512, 3), boxes, scores, np.array([1], "i4"))


def landmarks() -> bytes:
    """A landmark network that answers those of a face from the front, and seven numbers more."""
    answer = np.concatenate((LANDMARKS.numpy().flatten(), np.ones(7, "f4")))
    return answering((1, 160, 160, 3), answer[None].astype("f4"))


def mask(side_px: int = 64, level: int = 255, kind: str = "png") -> bytes:
    """A mask of one level."""
    file = io.BytesIO()
    Image.new("L", (side_px, side_px), level).save(file, kind)
    return file.getvalue()
