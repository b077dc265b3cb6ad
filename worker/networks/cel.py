"""The ending of the look `ink`, from paint and line to a cel; the filter and its network share it.

It owns no weights. What is crisp in a cartoon is made here, by rule: steps of light, and ink. What
comes before may then be soft, and a small network can learn it.

Sources: steps of luminance are those of Winnemoeller, Olsen & Gooch, "Real-Time Video Abstraction",
2006; the threshold that makes ink of a soft response is that of Winnemoeller, Kyprianidis & Olsen,
"XDoG: An eXtended Difference-of-Gaussians Compendium", 2012.
"""

from typing import Final

import torch

LUMA: Final = (0.2126, 0.7152, 0.0722)  # ITU-R BT.709, of sRGB as it is encoded
STEPS: Final = 6.0  # from black to white, each half-way between two levels: black and white stay
STEEPNESS: Final = 4.0  # slope of a step: a quarter of the way between levels is the transition
SHADING: Final = 0.15  # share of the paint's own shading that stays between steps
INK: Final = 2.0  # slope of the threshold that makes ink of a line


def finish(paint: torch.Tensor, line: torch.Tensor) -> torch.Tensor:
    """Cut the light of the paint into steps and lay the ink over it.

    Args:
        paint: float [N, 3, H, W] about [0, 1], sRGB: even colours with soft shading. Values
            outside are clipped at the end only, so that a network may still learn from them.
        line: float [N, 1, H, W] about [0, 1], how near a line is: ink is where it is over a half.

    Returns:
        Float [N, 3, H, W] in [0, 1], sRGB.
    """
    red, green, blue = paint.unbind(1)
    luma = (red * LUMA[0] + green * LUMA[1] + blue * LUMA[2]).unsqueeze(1)
    cel = (paint + (stepped(luma) - luma)).clamp(0, 1)
    dark = ((line - 0.5) * INK + 0.5).clamp(0, 1)
    return cel * (1 - dark)


def stepped(luma: torch.Tensor) -> torch.Tensor:
    """Gather light in steps: even levels, and steep but unbroken slopes between them.

    Args:
        luma: float of any shape, about [0, 1].

    Returns:
        Float of the same shape; 0 and 1 stay.
    """
    places = luma * STEPS
    below = places.detach().floor()
    rise = ((places - below - 0.5) * STEEPNESS).clamp(-0.5, 0.5) + 0.5
    steps = (below + rise) / STEPS
    return torch.lerp(steps, luma, SHADING)
