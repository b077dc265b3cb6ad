"""A photo whose lines are known, for tests of what draws lines; and how much ink there is."""

import torch


def disc(size_px: int) -> torch.Tensor:
    """A bright disc on a darker ground, drawn with soft edges, uint8 [1, 3, size_px, size_px]."""
    across = (torch.arange(size_px) + 0.5) / size_px - 0.5
    radius = torch.hypot(across[:, None], across[None, :])
    share = ((0.3 - radius) * size_px + 0.5).clamp(0, 1)
    ground, bright = torch.tensor([90.0, 110.0, 100.0]), torch.tensor([200.0, 190.0, 210.0])
    planes = torch.lerp(ground.view(3, 1, 1), bright.view(3, 1, 1), share)
    return planes.round().to(torch.uint8).unsqueeze(0)


def dark_share(cartoons: torch.Tensor) -> float:
    """Share of the pixels that are ink."""
    return (cartoons.float().mean(1) < 50).float().mean().item()
