"""The network of the built-in looks: the photo at first, any scale, no further than it says."""

import pytest
import torch

from tests.support.graphs import onnx_graphs, onnx_toon_unet
from worker.networks import cel
from worker.networks.toon_unet import MULTIPLE, RADIUS_PX, Ending, ToonUNet

OVERLAP_PX = -(-RADIUS_PX // MULTIPLE) * MULTIPLE


@pytest.fixture(params=["sum", "cel"])
def network(request: pytest.FixtureRequest) -> ToonUNet:
    """One that draws something, from a seed."""
    ending: Ending = request.param
    torch.manual_seed(4)
    drawing = ToonUNet(ending).eval()
    torch.nn.init.normal_(drawing.tail.weight, std=0.05)
    for name, parameter in drawing.named_parameters():
        if name.endswith(("gain", "shift")):
            torch.nn.init.normal_(parameter, std=0.1)
    return drawing


def photos(height: int, width: int) -> torch.Tensor:
    """Noise, float32 [1, 3, height, width]."""
    return torch.rand((1, 3, height, width), generator=torch.Generator().manual_seed(9))


def test_an_untrained_network_returns_the_photo() -> None:
    photo = photos(32, 48)
    assert torch.equal(ToonUNet()(photo, 512), photo)


def test_an_untrained_cel_is_the_photo_in_steps() -> None:
    photo = photos(32, 48)
    steps = cel.finish(photo, torch.zeros(1, 1, 32, 48))
    assert torch.equal(ToonUNet("cel")(photo, 512), steps)


@pytest.mark.parametrize("long_side_px", [200, 512, 2048])
@torch.inference_mode()
def test_another_runtime_draws_the_same(network: ToonUNet, long_side_px: int) -> None:
    photo, weights = photos(48, 64), network.state_dict()
    cel_ending = network.ending == "cel"
    graph = onnx_toon_unet.toon_unet(weights, long_side_px, cel=cel_ending)

    theirs = onnx_graphs.compute(graph.model(), photo)
    ours = network(photo, long_side_px)

    assert graph.asked == weights.keys()
    assert (ours - photo).abs().mean() > 0.05
    torch.testing.assert_close(ours, theirs, atol=2e-4, rtol=1e-3)


def test_it_stays_small() -> None:
    assert sum(parameter.numel() for parameter in ToonUNet("cel").parameters()) * 2 < 3_000_000


@torch.inference_mode()
def test_the_scale_changes_the_drawing_and_small_ones_share_one(network: ToonUNet) -> None:
    photo = photos(64, 64)
    assert not torch.allclose(network(photo, 512), network(photo, 1024), atol=1e-3)
    assert torch.equal(network(photo, 200), network(photo, 256))


@torch.inference_mode()
def test_bfloat16_weights_keep_the_photo_exact(network: ToonUNet) -> None:
    photo = photos(64, 64)
    exact = network(photo, 1024)
    quick = network.to(torch.bfloat16)(photo, 1024)
    assert quick.dtype == torch.float32
    assert (quick - exact).abs().mean() < 0.01
    torch.nn.init.zeros_(network.tail.weight)
    torch.nn.init.zeros_(network.tail.shift)
    bare = ToonUNet(network.ending)
    assert torch.equal(network(photo, 1024), bare(photo, 1024))


def test_no_pixel_reaches_further_than_the_radius(network: ToonUNet) -> None:
    side = 2 * (OVERLAP_PX + 3 * MULTIPLE)
    middle = side // 2
    photo = photos(side, side).requires_grad_()
    added = network.added(photo, 1024)
    added[..., middle : middle + MULTIPLE, middle : middle + MULTIPLE].sum().backward()  # type: ignore[no-untyped-call]  # torch's stubs lack it
    assert photo.grad is not None
    reached = photo.grad.abs().sum((0, 1)).nonzero()
    assert reached.min() >= middle - RADIUS_PX
    assert reached.max() < middle + MULTIPLE + RADIUS_PX


@torch.inference_mode()
def test_a_tile_gives_the_pixels_of_the_whole(network: ToonUNet) -> None:
    photo, overlap = photos(64, 4 * OVERLAP_PX), OVERLAP_PX
    whole = network(photo, 1024)
    tile = network(photo[..., : 2 * overlap], 1024)
    assert torch.allclose(tile[..., :overlap], whole[..., :overlap], atol=1e-5)
