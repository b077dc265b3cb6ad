"""The converter: frozen graphs that the real protobuf library wrote become weights of ours."""

import numpy as np
import pytest
import torch

from common.errors import ConfigurationError
from tests.support.graphs.frozen import frozen_graph, variables_of_unet
from worker.dctnet.conversion import convert
from worker.dctnet.graph_def import float_constants

OURS = [
    "enter",
    "halve1",
    "widen1",
    "halve2",
    "widen2",
    "narrow",
    "merge1",
    "narrow1",
    "merge2",
    "leave",
]


@pytest.mark.parametrize("scope", ["generator/", "", "model/generator/"])
def test_every_variable_finds_its_place(scope: str) -> None:
    variables = variables_of_unet(scope)

    state = convert(frozen_graph(variables), "bg.pb").state_dict()

    assert sum(tensor.numel() for tensor in state.values()) == 1_467_075
    for number, ours in enumerate(OURS):
        theirs = f"{scope}Conv_{number}" if number else f"{scope}Conv"
        kernel = variables[f"{theirs}/weights"]
        assert torch.equal(state[f"{ours}.bias"], torch.from_numpy(variables[f"{theirs}/biases"]))
        for place in ((0, 0, 0, 0), (2, 1, 2, 2), (1, 2, 1, 0)):
            row, column, entering, leaving = place
            assert state[f"{ours}.weight"][leaving, entering, row, column] == kernel[place]
    second = variables[f"{scope}block_2/conv1/weights"]
    assert state["blocks.2.conv1.weight"][5, 4, 0, 2] == second[0, 2, 4, 5]


def test_the_same_convolution_comes_out() -> None:
    """TensorFlow's layout by hand: sums over a window of [H, W, C] with a kernel HWIO."""
    variables = variables_of_unet()
    network = convert(frozen_graph(variables), "bg.pb")
    picture = np.random.default_rng(1).normal(size=(9, 9, 3)).astype("f4")
    kernel, bias = variables["generator/Conv/weights"], variables["generator/Conv/biases"]

    with torch.inference_mode():
        made = network.enter(torch.from_numpy(picture).permute(2, 0, 1).unsqueeze(0))

    by_hand = np.einsum("hwi,hwio->o", picture[1:8, 1:8], kernel) + bias
    torch.testing.assert_close(made[0, :, 4, 4], torch.from_numpy(by_hand), atol=1e-4, rtol=1e-4)


def test_values_one_by_one_and_one_for_all_are_read() -> None:
    given = {"many": np.arange(6, dtype="f4").reshape(2, 3), "same": np.full((2, 2), 7.5, "f4")}

    read = float_constants(frozen_graph(given, as_values=("many", "same")), "graph")

    assert read.keys() == given.keys()  # the integers are left out
    for name, array in given.items():
        assert torch.equal(read[name], torch.from_numpy(array))


def test_a_missing_variable_is_named() -> None:
    variables = variables_of_unet()
    del variables["generator/Conv_3/biases"]

    with pytest.raises(ConfigurationError, match=r"lacks halve2\.bias"):
        convert(frozen_graph(variables), "bg.pb")


def test_a_graph_of_two_networks_is_refused() -> None:
    variables = variables_of_unet("a/") | variables_of_unet("b/", seed=1)

    with pytest.raises(ConfigurationError, match="scopes found: 'a/', 'b/'"):
        convert(frozen_graph(variables), "bg.pb")


def test_a_graph_of_another_network_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="scopes found: none"):
        convert(frozen_graph({"dense/kernel": np.zeros((2, 2), "f4")}), "bg.pb")


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x02\x0a\x05"]
)
def test_what_is_no_graph_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"^bg\.pb "):
        convert(data, "bg.pb")


def test_no_cut_of_a_graph_is_read_as_a_graph() -> None:
    data = frozen_graph({"a": np.zeros((3, 3), "f4")})
    whole = float_constants(data, "graph")["a"]

    for length in range(len(data)):
        try:
            read = float_constants(data[:length], "graph")
        except ConfigurationError:
            continue
        assert torch.equal(read["a"], whole)  # cut between two nodes


def test_a_byte_that_stands_for_gigabytes_is_refused() -> None:
    given = frozen_graph({"a": np.zeros((1, 1), "f4")}, as_values=("a",))
    huge = given.replace(b"\x12\x02\x08\x01\x12\x02\x08\x01", b"\x12\x06\x08\xff\xff\xff\xff\x07")

    with pytest.raises(ConfigurationError, match="no frozen graph"):
        float_constants(huge, "graph")
