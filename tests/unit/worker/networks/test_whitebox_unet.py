"""The White-box U-Net: TensorFlow's padding and enlarging, by hand and by another runtime."""

import pytest
import torch

from tests.support.graphs import onnx_graphs
from tests.support.random_weights import randomise
from worker.networks.guided_filter import guided_filter
from worker.networks.whitebox_unet import REACH_PX, SameConv, WhiteboxUNet, double


def photo_of(height: int, width: int) -> torch.Tensor:
    """Noise in [-1, 1], float32 [1, 3, height, width]."""
    generator = torch.Generator().manual_seed(height + width)
    return torch.rand((1, 3, height, width), generator=generator) * 2 - 1


def test_it_has_as_many_parameters_as_dct_nets_nets() -> None:
    assert sum(tensor.numel() for tensor in WhiteboxUNet().parameters()) == 1_467_075


@pytest.mark.parametrize("sides", [(64, 48), (16, 16), (4, 8)])
def test_another_runtime_paints_the_same(sides: tuple[int, int]) -> None:
    network, photo = randomise(WhiteboxUNet(), gain=1.0), photo_of(*sides)
    graph = onnx_graphs.whitebox_unet(network.state_dict())

    theirs = onnx_graphs.compute(graph.model(), photo)
    with torch.inference_mode():
        ours = network(photo)

    assert graph.asked == network.state_dict().keys()
    assert ours.std() > 0.05
    torch.testing.assert_close(ours, theirs, atol=2e-4, rtol=1e-3)


def test_a_stride_of_two_leaves_the_odd_pixel_right_and_below() -> None:
    conv = SameConv(1, 1, stride=2)
    with torch.no_grad():
        conv.weight.copy_(torch.arange(1.0, 10.0).view(1, 1, 3, 3))
        assert conv.bias is not None
        conv.bias.zero_()
    planes = torch.arange(1.0, 17.0).view(1, 1, 4, 4)  # rows 1-4, 5-8, 9-12, 13-16

    with torch.inference_mode():
        made = conv(planes)

    # First window: rows 1 2 3 | 5 6 7 | 9 10 11. The others lack a column or a row of it.
    first = 1 + 4 + 9 + 20 + 30 + 42 + 63 + 80 + 99
    right = 1 * 3 + 2 * 4 + 4 * 7 + 5 * 8 + 7 * 11 + 8 * 12
    below = 1 * 9 + 2 * 10 + 3 * 11 + 4 * 13 + 5 * 14 + 6 * 15
    corner = 1 * 11 + 2 * 12 + 4 * 15 + 5 * 16
    assert made.flatten().tolist() == [first, right, below, corner]


def test_doubling_keeps_what_came_in_and_puts_means_between() -> None:
    doubled = double(torch.tensor([[[[0.0, 4.0], [8.0, 20.0]]]]))

    assert doubled[0, 0].tolist() == [
        [0.0, 2.0, 4.0, 4.0],
        [4.0, 8.0, 12.0, 12.0],
        [8.0, 14.0, 20.0, 20.0],
        [8.0, 14.0, 20.0, 20.0],
    ]


def test_the_guided_filter_by_hand() -> None:
    # One row of three: windows {0, 1}, {0, 1, 2}, {1, 2}. Guide 0 0 1, drawing 0 3 3.
    guide = torch.tensor([[[[0.0, 0.0, 1.0]]]])
    drawing = torch.tensor([[[[0.0, 3.0, 3.0]]]])

    made = guided_filter(guide, drawing, radius_px=1, epsilon=0.5)

    # Middle window: means 1/3 and 2, covariance 1 - 2/3, variance 1/3 - 1/9.
    gain_1 = (1 - 2 / 3) / (2 / 9 + 0.5)
    offset_1 = 2 - gain_1 / 3
    # Left window: a flat guide, gain 0 and offset 1.5. Right window: drawing flat, gain 0, 3.
    left = (1.5 + offset_1) / 2
    middle = (1.5 + offset_1 + 3) / 3
    right = gain_1 / 2 + (offset_1 + 3) / 2
    torch.testing.assert_close(made.flatten(), torch.tensor([left, middle, right]))


def test_half_precision_leaves_the_guided_filter_whole() -> None:
    network, photo = randomise(WhiteboxUNet(), gain=1.0), photo_of(32, 32)

    with torch.inference_mode():
        whole = network(photo)
        half = network.to(torch.bfloat16)(photo)

    assert half.dtype == torch.float32
    assert ((whole - half).std() / whole.std()).item() < 0.05


def test_a_pixel_reaches_no_further_than_it_says() -> None:
    network = randomise(WhiteboxUNet(), gain=1.5).double()
    for parameter in network.parameters():
        parameter.abs_()  # nothing cancels out: whatever a pixel can reach, it changes
    plain = torch.ones((1, 3, 4 * 33, 4 * 33), dtype=torch.double)
    middle, reach = 4 * 16, 0

    with torch.inference_mode():
        before = network.draw(plain)
        for place in range(middle, middle + 4):
            changed = plain.clone()
            changed[..., place, place] += 1
            moved = (network.draw(changed) != before).any(1)[0].any(0).nonzero()
            reach = max(reach, place - int(moved.min()), int(moved.max()) - place)

    assert reach + 2 == REACH_PX  # the guided filter's two windows of radius 1
