"""Finding faces: what a detector and a landmark network must do, and the steps around them.

Source: facelib/ in modelscope/models/cv/cartoon of github.com/modelscope/modelscope (Apache-2.0),
adopted there from github.com/610265158/Peppa_Pig_Face_Engine.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import torch
from torch.nn import functional

DETECTOR_PX: Final = 512  # sides of what a detector sees
LANDMARKS_PX: Final = 160  # sides of what a landmark network sees
LANDMARKS: Final = 68
LEAST_SCORE: Final = 0.8
MOST_FACES: Final = 10
LEAST_FACE_PX: Final = 60  # smaller ones have no landmarks worth the name
_WIDENED: Final = 1.4  # sides of a face's crop, in widths of its box
_MEAN_RGB: Final = (123.0, 116.0, 103.0)  # what lies outside of the picture


@dataclass(frozen=True, slots=True)
class Box:
    """Where a face is, pixels of the picture.

    Attributes:
        left: First column.
        top: First row.
        right: Last column.
        bottom: Last row.
        score: How sure the detector is, 0..1.
    """

    left: float
    top: float
    right: float
    bottom: float
    score: float

    @property
    def area(self) -> float:
        """Pixels inside."""
        return (self.right - self.left) * (self.bottom - self.top)

    @property
    def is_large_enough(self) -> bool:
        """Whether its landmarks can be told."""
        return max(self.right - self.left, self.bottom - self.top) > LEAST_FACE_PX


class FaceDetector(Protocol):
    """Finds faces."""

    def __call__(self, letterbox: torch.Tensor) -> torch.Tensor:
        """Find the faces of a picture.

        Args:
            letterbox: float32 [512, 512, 3] in [0, 255], RGB: the picture at the upper left.

        Returns:
            float32 [N, 5]: top, left, bottom, right in [0, 1] of the letterbox, and the score.
        """


class LandmarkFinder(Protocol):
    """Finds the 68 landmarks of a face."""

    def __call__(self, crop: torch.Tensor) -> torch.Tensor:
        """Find them.

        Args:
            crop: float32 [160, 160, 3] in [0, 255], RGB, a face in its middle.

        Returns:
            float32 [68, 2], x and y in [0, 1] of the crop; in the order of iBUG 300-W.
        """


def find_faces(
    picture: torch.Tensor, detect: FaceDetector, find_landmarks: LandmarkFinder
) -> list[torch.Tensor]:
    """Find the landmarks of all faces that are sure and large enough, the largest first.

    Args:
        picture: float32 [3, H, W] in [0, 255], RGB.
        detect: The detector.
        find_landmarks: The landmark network.

    Returns:
        One float32 [68, 2] for each face: x and y, whole pixels of the picture.
    """
    boxes = sorted(_boxes(picture, detect), key=lambda box: box.area, reverse=True)[:MOST_FACES]
    return [_landmarks(picture, box, find_landmarks) for box in boxes if box.is_large_enough]


def _boxes(picture: torch.Tensor, detect: FaceDetector) -> list[Box]:
    """Show a picture to the detector, letterboxed, and place its answer in the picture."""
    height, width = picture.shape[1:]
    scale = DETECTOR_PX / max(height, width)
    small = _resize(picture, round(height * scale), round(width * scale))
    letterbox = _blank(picture, DETECTOR_PX, DETECTOR_PX)
    letterbox[:, : small.shape[1], : small.shape[2]] = small
    side = DETECTOR_PX / scale
    return [
        Box(left * side, top * side, right * side, bottom * side, score)
        for top, left, bottom, right, score in detect(letterbox.permute(1, 2, 0)).tolist()
        if score > LEAST_SCORE
    ]


def _landmarks(picture: torch.Tensor, box: Box, find_landmarks: LandmarkFinder) -> torch.Tensor:
    """Show a face to the landmark network, in the middle of a square, and place its answer."""
    half = max(1, int(_WIDENED * (box.right - box.left) // 2))
    side = 2 * half
    left = int((box.left + box.right) // 2) - half
    top = int((box.top + box.bottom) // 2) - half
    crop = _cut(picture, left, top, side)
    square = _resize(crop, LANDMARKS_PX, LANDMARKS_PX).permute(1, 2, 0)
    place = torch.tensor([left, top], dtype=torch.float32)
    return (find_landmarks(square).cpu() * side + place).trunc()


def _cut(picture: torch.Tensor, left: int, top: int, side: int) -> torch.Tensor:
    """Cut a square out, the mean colour where it reaches beyond the picture."""
    height, width = picture.shape[1:]
    square = _blank(picture, side, side)
    first_row, first_column = max(0, top), max(0, left)
    inside = picture[:, first_row : min(height, top + side), first_column : min(width, left + side)]
    row, column = first_row - top, first_column - left
    square[:, row : row + inside.shape[1], column : column + inside.shape[2]] = inside
    return square


def _blank(picture: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """A picture of the mean colour."""
    colour = torch.tensor(_MEAN_RGB, device=picture.device).view(3, 1, 1)
    return colour.repeat(1, height, width)


def _resize(picture: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Scale linearly, centres on centres and without smoothing, as OpenCV's INTER_LINEAR does."""
    scaled = functional.interpolate(picture.unsqueeze(0), (height, width), mode="bilinear")
    return scaled[0]
