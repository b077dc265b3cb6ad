"""What lies between a photo and its cartoon: the blend by strength, and padding for a model."""

from typing import Final

import torch

# The blend counts in 128ths: a difference of levels, times that, just fits 16 bits.
_WHOLE_BITS: Final = 7
_WHOLE: Final = 1 << _WHOLE_BITS


def blend(photo: torch.Tensor, cartoon: torch.Tensor, strength: float) -> torch.Tensor:
    """Mix a photo and its cartoon.

    Args:
        photo: uint8 [..., H, W] in [0, 255].
        cartoon: uint8, of the same shape and device.
        strength: 0 gives exactly the photo, 1 exactly the cartoon.

    Returns:
        uint8, of the same shape, at most one and a half levels from the exact mixture.
    """
    share = round(strength * _WHOLE)
    if share in (0, _WHOLE):
        return cartoon if share else photo
    if cartoon.stride() != photo.stride():
        photo, cartoon = interleaved(photo), interleaved(cartoon)
    mixture = cartoon.to(torch.int16)
    mixture.sub_(photo).mul_(share).add_(_WHOLE // 2).bitwise_right_shift_(_WHOLE_BITS).add_(photo)
    return mixture.to(torch.uint8)


def interleaved(picture: torch.Tensor) -> torch.Tensor:
    """Put the channels of a pixel side by side in memory, as codecs have them.

    Args:
        picture: [..., C, H, W] of any layout.

    Returns:
        The same shape and values; the same memory where it lies so already.
    """
    if _lies_interleaved(picture):
        return picture.movedim(-3, -1).contiguous().movedim(-1, -3)  # copies rows of a cut, or none
    return torch.stack(picture.unbind(-3), -1).movedim(-1, -3)  # twice as fast as a permuted copy


def _lies_interleaved(picture: torch.Tensor) -> bool:
    return picture.dim() > 2 and picture.stride(-3) == 1  # noqa: PLR2004 - height and width


def pad_to_multiple(pictures: torch.Tensor, multiple: int) -> torch.Tensor:
    """Reflect pictures at their right and lower border until both sides are a multiple.

    Works for sides shorter than the padding too: the reflection is reflected again.

    Args:
        pictures: [..., H, W].
        multiple: At least 1.

    Returns:
        [..., H', W'] of the same type and layout; the pictures themselves where nothing is missing.
    """
    if _lies_interleaved(pictures):  # in the order of memory: what is copied is whole rows
        return _padded(pictures.movedim(-3, -1), (-3, -2), multiple).movedim(-1, -3)
    return _padded(pictures, (-2, -1), multiple)


def _padded(pictures: torch.Tensor, dims: tuple[int, int], multiple: int) -> torch.Tensor:
    """Append to both sides what is missing."""
    for dim in dims:
        side = pictures.shape[dim]
        missing = -side % multiple
        if missing:
            mirror = _mirror(side, missing, pictures.device)
            pictures = torch.cat((pictures, pictures.index_select(dim, mirror)), dim)
    return pictures


def _mirror(side: int, missing: int, device: torch.device) -> torch.Tensor:
    """Index what follows a side that is run through to and fro: 1 0 1 2 1 ... behind 0 1 2."""
    period = max(1, 2 * (side - 1))
    step = torch.arange(side, side + missing, device=device) % period
    return torch.minimum(step, period - step).clamp_(max=side - 1)


def crop(pictures: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Cut what `pad_to_multiple` added, [..., H', W'] to [..., height, width]."""
    return pictures[..., :height, :width]
