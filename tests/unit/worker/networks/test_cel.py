"""The ending of `ink`: even steps, black and white kept, ink on lines, slopes to learn by."""

import torch

from worker.networks import cel


def gray(levels: torch.Tensor) -> torch.Tensor:
    """Gray pictures of these levels, float32 [1, 3, 1, W]."""
    return levels.view(1, 1, 1, -1).expand(1, 3, 1, -1)


def no_line(levels: torch.Tensor) -> torch.Tensor:
    """Nothing drawn over them."""
    return torch.zeros(1, 1, 1, levels.numel())


def test_black_and_white_stay_and_light_never_falls() -> None:
    levels = torch.linspace(0, 1, 1001)
    steps = cel.stepped(levels)
    assert steps[0] == 0
    assert torch.isclose(steps[-1], torch.tensor(1.0))
    assert steps.diff().min() >= 0


def test_levels_worked_out_by_hand() -> None:
    # 0.25 is half-way between 1/6 and 2/6: it stays. 0.20 is a fifth of the way, below the slope's
    # foot at 3/8: 0.85 of 1/6 and 0.15 of itself. 0.24 is at 0.44, a slope of 4 up: 0.26 of a step.
    found = cel.stepped(torch.tensor([0.25, 0.20, 0.24]))
    by_hand = torch.tensor([0.25, 0.85 / 6 + 0.03, 0.85 * 1.26 / 6 + 0.036])
    assert torch.allclose(found, by_hand, atol=1e-6)


def test_most_of_the_light_lies_on_few_levels() -> None:
    levels = torch.linspace(0, 1, 1001)
    rise = cel.stepped(levels).diff() / levels.diff()
    flat = (rise < 2 * cel.SHADING).float().mean()
    assert flat > 0.7
    assert rise.max() <= cel.STEEPNESS + cel.SHADING  # an error of the paint grows by no more


def test_gray_stays_gray_and_colour_keeps_its_differences() -> None:
    levels = torch.linspace(0.1, 0.9, 50)
    cartoon = cel.finish(gray(levels), no_line(levels))
    assert (cartoon.amax(1) - cartoon.amin(1)).max() < 1e-6
    paint = torch.tensor([0.5, 0.45, 0.4]).view(1, 3, 1, 1)
    cartoon = cel.finish(paint, torch.zeros(1, 1, 1, 1))
    assert torch.allclose(cartoon.diff(dim=1), paint.diff(dim=1), atol=1e-6)


def test_ink_is_black_on_a_line_and_nothing_beside_it() -> None:
    paint = torch.full((1, 3, 1, 3), 0.7)
    line = torch.tensor([0.0, 0.5, 1.0]).view(1, 1, 1, 3)
    cartoon = cel.finish(paint, line)[0, 0, 0]
    assert torch.isclose(cartoon[0], cel.stepped(torch.tensor(0.7)))
    assert torch.isclose(cartoon[1], cartoon[0] / 2)
    assert cartoon[2] == 0


def test_paint_and_line_have_slopes_to_learn_by() -> None:
    paint = gray(torch.linspace(0.05, 0.95, 64)).clone().requires_grad_()
    line = torch.full((1, 1, 1, 64), 0.5, requires_grad=True)
    cel.finish(paint, line).sum().backward()  # type: ignore[no-untyped-call]  # torch's stubs lack it
    assert paint.grad is not None
    assert line.grad is not None
    assert (paint.grad.sum(1) > 0).all()  # more light below is more light above
    assert (line.grad < 0).all()
