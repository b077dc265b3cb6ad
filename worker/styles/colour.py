"""sRGB to CIE L*a*b* and back, on tensors; owns no picture and decides no look.

Formulas: IEC 61966-2-1 (sRGB) and CIE 15:2004 (L*a*b*), white point D65.
"""

from typing import Final

import torch

# Linear sRGB to XYZ, the rows divided by D65's X, Y and Z, so that white is (1, 1, 1); and back.
_TO_XYZ: Final = (
    (0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883),
)
_FROM_XYZ: Final = (
    (3.2404542 * 0.95047, -1.5371385, -0.4985314 * 1.08883),
    (-0.9692660 * 0.95047, 1.8760108, 0.0415560 * 1.08883),
    (0.0556434 * 0.95047, -0.2040259, 1.0572252 * 1.08883),
)
_DARK: Final = 0.0031308  # linear light under which sRGB's curve is a straight line
_DARK_CODE: Final = 0.04045  # the same point as sRGB encodes it
_KNEE: Final = 6.0 / 29.0  # where the cube root of L*a*b* gives way to a straight line
_SLOPE: Final = 3.0 * _KNEE**2


def _mix(planes: torch.Tensor, matrix: tuple[tuple[float, ...], ...]) -> torch.Tensor:
    """Multiply the three channels of [N, 3, H, W] by a 3x3 matrix."""
    red, green, blue = planes.unbind(1)
    rows = [(red * row[0]).add_(green, alpha=row[1]).add_(blue, alpha=row[2]) for row in matrix]
    return torch.stack(rows, 1)


def srgb_to_lab(pictures: torch.Tensor) -> torch.Tensor:
    """Convert pictures to L*a*b*.

    Args:
        pictures: float32 [N, 3, H, W] in [0, 1], sRGB.

    Returns:
        float32 [N, 3, H, W]: L* in [0, 100], a* and b* about [-128, 127].
    """
    curve = pictures.add(0.055).div_(1.055).pow_(2.4)
    xyz = _mix(torch.where(pictures <= _DARK_CODE, pictures / 12.92, curve), _TO_XYZ)
    root = xyz.clamp_min(_KNEE**3).pow_(1 / 3)
    x, y, z = torch.where(xyz > _KNEE**3, root, xyz / _SLOPE + 4.0 / 29.0).unbind(1)
    return torch.stack((y * 116 - 16, (x - y) * 500, (y - z) * 200), 1)


def lab_to_srgb(lab: torch.Tensor) -> torch.Tensor:
    """Convert pictures back from L*a*b*; colours outside sRGB are clipped.

    Args:
        lab: float32 [N, 3, H, W], as `srgb_to_lab` returns it.

    Returns:
        float32 [N, 3, H, W] in [0, 1], sRGB.
    """
    lightness, a, b = lab.unbind(1)
    y = (lightness + 16) / 116
    root = torch.stack((y + a / 500, y, y - b / 200), 1)
    xyz = torch.where(root > _KNEE, root**3, (root - 4.0 / 29.0) * _SLOPE)
    linear = _mix(xyz, _FROM_XYZ).clamp_(0, 1)
    curve = linear.clamp_min(_DARK).pow_(1 / 2.4).mul_(1.055).sub_(0.055)
    return torch.where(linear <= _DARK, linear * 12.92, curve)
