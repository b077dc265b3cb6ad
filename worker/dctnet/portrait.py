"""The nine steps: background over the whole picture, then each head over its place in it.

1. scale to a short side of 720 pixels, if it is longer
2. BGR, padded with white to sides of 16
3. the background net on the whole
4. find faces and their landmarks
5. five points of each face
6. bring the face to the head net's frame
7. the head net
8. paste it back, blended by a mask
9. scale to the size that came in
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import nn
from torch.nn import functional

from worker.dctnet import alignment, area
from worker.dctnet.faces import FaceDetector, LandmarkFinder, find_faces

_SHORT_SIDE_PX: Final = 720
_MULTIPLE_PX: Final = 16
_WHITE: Final = 255.0
_HALF: Final = 127.5
# Just inside of -1 and 1, as in the exported graph: 255 is never reached, 254.99987 is cut to 254.
_CLIP: Final = 0.999999


@dataclass(frozen=True, slots=True)
class FaceStep:
    """The parts of steps 4 to 8.

    Attributes:
        detect: Finds faces.
        find_landmarks: Finds their landmarks.
        head: The head net.
        mask: float32 [1, 288, 288] in [0, 1]: how much of the head covers the background.
    """

    detect: FaceDetector
    find_landmarks: LandmarkFinder
    head: nn.Module
    mask: torch.Tensor


def paint(photo: torch.Tensor, background: nn.Module, faces: FaceStep | None) -> torch.Tensor:
    """Turn a photo into a cartoon.

    Args:
        photo: uint8 [3, H, W] in [0, 255], RGB.
        background: The background net.
        faces: The face step; None leaves it out.

    Returns:
        uint8 [3, H, W] in [0, 255], RGB.
    """
    height, width = photo.shape[1:]
    picture = _to_short_side(photo.float())
    cartoon = draw(background, picture)
    if faces:
        for landmarks in find_faces(picture, faces.detect, faces.find_landmarks):
            cartoon = _with_head(cartoon, picture, landmarks, faces)
    if cartoon.shape[1:] != (height, width):
        cartoon = area.resize(cartoon, height, width)
    return cartoon.round_().clamp_(0, _WHITE).to(torch.uint8)


def _to_short_side(picture: torch.Tensor) -> torch.Tensor:
    """Step 1; whole levels, as they are kept in between."""
    height, width = picture.shape[1:]
    if min(height, width) <= _SHORT_SIDE_PX:
        return picture
    if height > width:
        height, width = int(_SHORT_SIDE_PX * height / width), _SHORT_SIDE_PX
    else:
        height, width = _SHORT_SIDE_PX, int(_SHORT_SIDE_PX * width / height)
    return area.resize(picture, height, width).round_()


def draw(network: nn.Module, picture: torch.Tensor) -> torch.Tensor:
    """Show a picture to one of the nets: steps 2 and 3, and 7.

    Args:
        network: A White-box U-Net that takes BGR.
        picture: float32 [3, H, W] in [0, 255], RGB.

    Returns:
        float32 [3, H, W] in [0, 254], RGB, whole levels.
    """
    height, width = picture.shape[1:]
    if height % _MULTIPLE_PX or width % _MULTIPLE_PX:
        # Both sides grow, even one that had no need to.
        below = _MULTIPLE_PX - height % _MULTIPLE_PX
        right = _MULTIPLE_PX - width % _MULTIPLE_PX
        picture = functional.pad(picture, (0, right, 0, below), value=_WHITE)
    entering = picture.flip(0).unsqueeze(0).div(_HALF).sub_(1)
    leaving: torch.Tensor = network(entering.contiguous(memory_format=torch.channels_last))[0]
    levels = leaving.float().clamp(-_CLIP, _CLIP).add_(1).mul_(_HALF).trunc_()
    return levels[:, :height, :width].flip(0)


def _with_head(
    cartoon: torch.Tensor, picture: torch.Tensor, landmarks: torch.Tensor, faces: FaceStep
) -> torch.Tensor:
    """Steps 5 to 8, for one face."""
    to_picture = alignment.head_to_picture(alignment.five_points(picture, landmarks))
    side = alignment.HEAD_PX
    face = alignment.warp(picture, to_picture, side, side, outside=_WHITE).round_()
    head = draw(faces.head, face)
    to_head = torch.linalg.inv(to_picture)
    height, width = cartoon.shape[1:]
    placed = alignment.warp(head, to_head, height, width, outside=0).round_()
    mask = alignment.warp(faces.mask.to(cartoon.device), to_head, height, width, outside=0)
    return torch.lerp(cartoon, placed, mask)
