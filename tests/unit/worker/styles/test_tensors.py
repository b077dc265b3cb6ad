"""From photos to a bundle's tensors and back: every layout, order, range and padding by hand."""

import pytest
import torch

from worker.bundles.manifest import Interface
from worker.styles.tensors import to_cartoons, to_network


def interface(**changes: object) -> Interface:
    """Levels in RGB, but for what is changed."""
    right: dict[str, object] = {
        "layout": "NCHW",
        "channels": "rgb",
        "input_range": (0, 255),
        "output_range": (0, 255),
        "multiple_of": 1,
    }
    return Interface.model_validate(right | changes)


@pytest.fixture
def photo() -> torch.Tensor:
    """Two pixels beside each other: (0, 51, 255) and (10, 20, 30)."""
    return torch.tensor([[0, 51, 255], [10, 20, 30]], dtype=torch.uint8).T.reshape(1, 3, 1, 2)


def test_levels_become_what_the_range_says(photo: torch.Tensor) -> None:
    made = to_network(photo, interface(input_range=(-1, 1)))

    torch.testing.assert_close(made[0, :, 0, 0], torch.tensor([-1.0, -0.6, 1.0]))
    assert to_network(photo, interface()).dtype == torch.float32


def test_bytes_stay_bytes_where_they_are_declared(photo: torch.Tensor) -> None:
    made = to_network(photo, interface(dtype="uint8", channels="bgr"))

    assert made.dtype == torch.uint8
    assert made[0, :, 0, 0].tolist() == [255, 51, 0]


@pytest.mark.parametrize(
    ("layout", "shape"), [("NCHW", (1, 3, 1, 2)), ("NHWC", (1, 1, 2, 3)), ("HWC", (1, 2, 3))]
)
@pytest.mark.parametrize("channels", ["rgb", "bgr"])
def test_a_layout_and_its_way_back(
    photo: torch.Tensor, layout: str, shape: tuple[int, ...], channels: str
) -> None:
    io = interface(layout=layout, channels=channels)

    made = to_network(photo, io)

    assert made.shape == shape
    last = made if layout == "NCHW" else made.reshape(1, 1, 2, 3).permute(0, 3, 1, 2)
    colours = [[10, 20, 30], [30, 20, 10]][channels == "bgr"]
    assert last[0, :, 0, 1].tolist() == colours
    assert torch.equal(to_cartoons(made, io, 1, 2), photo)


def test_answers_are_clipped_and_rounded() -> None:
    answer = torch.tensor([-2.0, 0.0, 0.004]).view(1, 3, 1, 1)

    made = to_cartoons(answer, interface(output_range=(-1, 1)), 1, 1)

    assert made.dtype == torch.uint8
    assert made.flatten().tolist() == [0, 128, 128]  # 127.5 to even, 128.01


@pytest.mark.parametrize(
    ("pad", "row"), [("white", [[0, 10, 255, 255], [255] * 4]), ("edge", [[0, 10, 10, 10]] * 2)]
)
def test_padding_comes_right_and_below(photo: torch.Tensor, pad: str, row: list[list[int]]) -> None:
    io = interface(pad=pad, multiple_of=2)
    wide = photo[..., :2]

    made = to_network(torch.cat((wide, wide[..., 1:]), 3), io)

    assert made.shape == (1, 3, 2, 4)
    expected = torch.tensor(row)
    expected[0, 2] = 10
    assert torch.equal(made[0, 0], expected.float())
    assert to_cartoons(made, io, 1, 3).shape == (1, 3, 1, 3)


def test_reflection_is_left_to_the_engine(photo: torch.Tensor) -> None:
    assert to_network(photo, interface(multiple_of=8)).shape == photo.shape
