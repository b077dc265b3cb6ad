"""The paint: even inside of edges, stepped without jumps, sharp after enlarging."""

import pytest
import torch
from torch.nn import functional

from worker.styles.abstraction import bilateral, enliven, quantise, tolerance, upsample_guided
from worker.styles.flow import Flow, gaussian_blur, structure_tensor


def halves(size_px: int) -> torch.Tensor:
    """L*a*b* of a picture that is dark on its left and light on its right half."""
    lab = torch.full((1, 3, size_px, size_px), 10.0)
    lab[:, 0, :, size_px // 2 :] = 80.0
    return lab


def test_bilateral_evens_noise_out_and_keeps_the_edge() -> None:
    clean = halves(64)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(2))
    noisy = clean + 2 * noise
    flow = Flow.of(structure_tensor(noisy, 2.0))
    reach = tolerance(gaussian_blur(noisy, 0.7), 1.0)
    paint = bilateral(bilateral(noisy, flow, 1.0, reach), flow, 1.0, reach)
    assert (paint - clean).std() < 0.4 * (noisy - clean).std()
    across = paint[0, 0, :, 31:33].mean(0)
    assert across[0] < 14
    assert across[1] > 76


def test_texture_runs_together_and_an_edge_does_not() -> None:
    leaves = torch.rand((1, 3, 64, 64), generator=torch.Generator().manual_seed(3)) * 60
    edge, flat = halves(64), torch.full((1, 3, 64, 64), 40.0)
    least, most = tolerance(flat, 1.0).mean(), tolerance(leaves, 1.0).mean()
    assert most > 1.5 * least
    assert tolerance(edge, 1.0).max() < 1.1 * least


def test_quantise_keeps_order_and_the_middles_of_steps() -> None:
    ramp = torch.linspace(0, 100, 801).expand(1, 1, 40, 801)
    steps = quantise(ramp, 1.0)[0, 0, 20]
    assert (steps.diff() >= -1e-4).all()
    assert steps.diff().max() < 1  # bands are soft: no jump anywhere in plain shading
    middles = torch.arange(0, 801, 100)  # every 12.5 in [0, 100]
    assert torch.allclose(steps[middles], ramp[0, 0, 20, middles], atol=0.05)
    assert (steps - ramp[0, 0, 20]).abs().max() > 1.0


def test_quantise_cuts_cleanly_at_an_edge() -> None:
    soft = torch.linspace(50, 62.5, 9)  # one step within nine pixels: steep, but not yet a cut
    row = torch.cat((torch.full((20,), 50.0), soft, torch.full((20,), 62.5)))
    stepped = quantise(row.expand(1, 1, 30, 49), 1.0)[0, 0, 15]
    assert stepped.diff().max() > 2 * row.diff().max()


def test_guided_enlarging_is_sharper_than_plain() -> None:
    large = halves(128)
    small = functional.interpolate(large, (48, 48), mode="bilinear", antialias=True)
    plain = functional.interpolate(small, (128, 128), mode="bilinear")
    guided = upsample_guided(small, small[:, :1], large[:, :1], 1.0)
    assert (guided - large).abs().mean() < 0.5 * (plain - large).abs().mean()


@pytest.mark.parametrize(
    ("chroma", "least", "most"), [(0.0, 0.0, 0.0), (25, 1.25, 1.35), (110, 1, 1.1)]
)
def test_dull_colours_gain_more_than_vivid_ones(chroma: float, least: float, most: float) -> None:
    colour = torch.tensor([chroma, 0.0]).view(1, 2, 1, 1)
    gained = enliven(colour)[0, 0, 0, 0].item()
    assert least * chroma <= gained <= most * chroma
