"""Alignment: a face brought to the place where the head net was trained to see it, and back.

Source: mtcnn_pytorch/src in modelscope/models/cv/cartoon of github.com/modelscope/modelscope
(Apache-2.0), adopted there from github.com/TreB1eN/InsightFace_Pytorch (MIT); the five points are
ArcFace's (Deng et al., "ArcFace", 2019).
"""

from typing import Final

import torch
from torch.nn import functional

from worker.dctnet.pupils import find_pupil

HEAD_PX: Final = 288  # sides of what the head net sees
_FRAME_PX: Final = 112.0
_SHRUNK: Final = 0.75  # about the centre of the frame, so that hair and chin come in
# Eyes, nose and corners of the mouth in a frame of 112 x 112: those for 96 x 112, moved by 8 to the
# middle, and by 1 both ways as the source does.
_POINTS: Final = (
    (30.29459953 + 9, 51.69630051 + 1),
    (65.53179932 + 9, 51.50139999 + 1),
    (48.02519989 + 9, 71.73660278 + 1),
    (33.54930115 + 9, 92.3655014 + 1),
    (62.72990036 + 9, 92.20410156 + 1),
)
# Of the 68 landmarks: five of each eye's six, as the source takes them, the nose's tip, the mouth.
_LEFT_EYE, _RIGHT_EYE = slice(36, 41), slice(42, 47)
_NOSE, _MOUTH_LEFT, _MOUTH_RIGHT = 30, 48, 54


def five_points(picture: torch.Tensor, landmarks: torch.Tensor) -> torch.Tensor:
    """Take the five points of a face: pupils, nose, corners of the mouth.

    Args:
        picture: float32 [3, H, W] in [0, 255], RGB.
        landmarks: float32 [68, 2], pixels.

    Returns:
        float32 [5, 2], x and y, pixels. Where a pupil cannot be told, the middles of both eyes.
    """
    eyes = landmarks[_LEFT_EYE], landmarks[_RIGHT_EYE]
    left, right = (find_pupil(picture, eye) for eye in eyes)
    if left is None or right is None:
        left, right = (tuple(eye.mean(0).tolist()) for eye in eyes)
    others = landmarks[[_NOSE, _MOUTH_LEFT, _MOUTH_RIGHT]]
    return torch.cat((torch.tensor([left, right], dtype=torch.float32), others))


def head_to_picture(points: torch.Tensor) -> torch.Tensor:
    """Fit the similarity that leads from the head net's frame to a face.

    Least squares in the picture, over turning, scaling and moving; never mirrored.

    Args:
        points: float32 [5, 2], as `five_points` returns them.

    Returns:
        float64 [3, 3]: takes (x, y, 1) of the 288 x 288 frame to the picture's pixels.
    """
    frame = torch.tensor(_POINTS, dtype=torch.float64)
    frame = ((frame - _FRAME_PX / 2) * _SHRUNK + _FRAME_PX / 2) * (HEAD_PX / _FRAME_PX)
    x, y = frame.unbind(1)
    one, none = torch.ones_like(x), torch.zeros_like(x)
    # u = a x - b y + c and v = b x + a y + d, for all points.
    equations = torch.cat((torch.stack((x, -y, one, none), 1), torch.stack((y, x, none, one), 1)))
    wanted = points.double().T.reshape(-1, 1)
    a, b, c, d = torch.linalg.lstsq(equations, wanted).solution.flatten().tolist()
    return torch.tensor([[a, -b, c], [b, a, d], [0, 0, 1]], dtype=torch.float64)


def warp(
    planes: torch.Tensor, source_of: torch.Tensor, height: int, width: int, *, outside: float
) -> torch.Tensor:
    """Draw planes anew: each pixel is fetched, linearly, from where a transform leads.

    Args:
        planes: float32 [C, H, W].
        source_of: float64 [3, 3]: takes (x, y, 1) of the result to pixels of `planes`.
        height: Of the result, pixels.
        width: Of the result, pixels.
        outside: Value beyond the border.

    Returns:
        float32 [C, height, width].
    """
    rows = torch.arange(height, dtype=torch.float64)
    columns = torch.arange(width, dtype=torch.float64)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    there = torch.stack((x, y, torch.ones_like(x)), -1) @ source_of[:2].T
    sides = torch.tensor([planes.shape[2], planes.shape[1]], dtype=torch.float64)
    # Centres of pixels at whole numbers: -1 and 1 are those of the first and the last.
    grid = (there * 2 / (sides - 1) - 1).float().to(planes.device)
    # Nought beyond the border, and so the rest is measured from there.
    fetched = functional.grid_sample(
        (planes - outside).unsqueeze(0), grid.unsqueeze(0), align_corners=True
    )
    return fetched[0] + outside
