"""AnimeGANv2: the public checkpoints' names, and what another runtime makes of the same weights."""

import pytest
import torch

from tests.support.graphs import onnx_graphs
from tests.support.random_weights import randomise
from worker.networks.animegan2 import AnimeGan2

# Of the state dict in github.com/bryandlee/animegan2-pytorch, one of each kind and place.
KNOWN = {
    "block_a.0.1.weight": (32, 3, 7, 7),
    "block_a.1.1.weight": (64, 32, 3, 3),
    "block_a.1.2.weight": (64,),
    "block_b.0.1.weight": (128, 64, 3, 3),
    "block_c.0.2.bias": (128,),
    "block_c.1.layers.0.1.weight": (256, 128, 1, 1),
    "block_c.1.layers.1.1.weight": (256, 1, 3, 3),
    "block_c.1.layers.1.1.bias": (256,),
    "block_c.1.layers.2.weight": (256, 256, 1, 1),
    "block_c.1.layers.3.bias": (256,),
    "block_c.4.layers.1.1.weight": (512, 1, 3, 3),
    "block_c.4.layers.2.weight": (256, 512, 1, 1),
    "block_c.5.1.weight": (128, 256, 3, 3),
    "block_d.1.1.weight": (128, 128, 3, 3),
    "block_e.2.1.weight": (32, 64, 7, 7),
    "out_layer.0.weight": (3, 32, 1, 1),
}


def test_it_has_the_parameters_of_the_public_checkpoints() -> None:
    with torch.device("meta"):
        state = AnimeGan2().state_dict()

    assert sum(tensor.numel() for tensor in state.values()) == 2_143_552
    assert {name: tuple(state[name].shape) for name in KNOWN} == KNOWN


@pytest.mark.parametrize("sides", [(64, 96), (32, 32)])
def test_another_runtime_paints_the_same(sides: tuple[int, int]) -> None:
    network = randomise(AnimeGan2())
    photo = torch.rand((1, 3, *sides), generator=torch.Generator().manual_seed(1)) * 2 - 1
    graph = onnx_graphs.animegan2(network.state_dict())

    theirs = onnx_graphs.compute(graph.model(), photo)
    with torch.inference_mode():
        ours = network(photo)

    assert graph.asked == network.state_dict().keys()
    assert ours.std() > 0.05  # a picture, not a flat colour that any network would agree on
    torch.testing.assert_close(ours, theirs, atol=2e-4, rtol=0)


def test_a_picture_does_not_see_the_others_of_its_batch() -> None:
    network = randomise(AnimeGan2())
    photos = torch.rand((2, 3, 32, 32), generator=torch.Generator().manual_seed(2)) * 2 - 1

    with torch.inference_mode():
        together, alone = network(photos), network(photos[1:])

    torch.testing.assert_close(together[1:], alone, atol=1e-5, rtol=0)
