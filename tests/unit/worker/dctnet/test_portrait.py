"""The nine steps: what each net is shown, where its answer goes, and another runtime's answer."""

import math

import pytest
import torch
from torch import nn

from tests.support.graphs import onnx_graphs
from tests.support.graphs.faces import LANDMARKS
from tests.support.random_weights import randomise
from worker.dctnet.portrait import FaceStep, draw, paint
from worker.networks.whitebox_unet import WhiteboxUNet

RED = torch.tensor([255.0, 0.0, 0.0])


class Recorder(nn.Module):
    """Answers what it is shown, and keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[torch.Tensor] = []

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        """Answer the same."""
        self.shown.append(photos.clone())
        return photos


class OneColour(nn.Module):
    """Answers one colour, BGR in [-1, 1]."""

    def __init__(self, *bgr: float) -> None:
        super().__init__()
        self.colour = torch.tensor(bgr).view(1, 3, 1, 1)
        self.shown: list[torch.Tensor] = []

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        """Answer the colour."""
        self.shown.append(photos.clone())
        return self.colour.expand_as(photos)


def noise(height: int, width: int) -> torch.Tensor:
    """Noise, uint8 [3, height, width]."""
    generator = torch.Generator().manual_seed(height)
    return torch.randint(0, 256, (3, height, width), generator=generator, dtype=torch.uint8)


def test_a_net_sees_bgr_padded_with_white_on_both_sides() -> None:
    net, photo = Recorder(), noise(32, 20)

    draw(net, photo.float())

    (shown,) = net.shown
    assert shown.shape == (1, 3, 48, 32)  # 32 is a multiple of 16, and grows with the other side
    torch.testing.assert_close(shown[0, 0, :32, :20], photo[2].float() / 127.5 - 1)
    assert (shown[0, :, 32:] == 1).all()
    assert (shown[0, :, :, 20:] == 1).all()


def test_sides_of_16_are_left_alone() -> None:
    net = Recorder()

    draw(net, noise(48, 32).float())

    assert net.shown[0].shape == (1, 3, 48, 32)


def test_levels_are_cut_not_rounded_and_255_is_never_reached() -> None:
    made = draw(OneColour(1.0, -1.0, 0.0), noise(16, 16).float())

    assert made[:, 0, 0].tolist() == [127, 0, 254]  # RGB: 127.5 is cut, 254.99987 too


@pytest.mark.parametrize(
    ("sides", "worked"),
    [
        ((1440, 1000), (1036, 720)),
        ((900, 1201), (720, 960)),
        ((720, 1500), (720, 1500)),
        ((300, 200), (300, 200)),
    ],
)
def test_the_short_side_is_720_at_most(sides: tuple[int, int], worked: tuple[int, int]) -> None:
    net = Recorder()

    made = paint(noise(*sides), net, None)

    height, width = worked
    assert made.shape == (3, *sides)
    inside = net.shown[0].shape[-2:]
    padded = height % 16 or width % 16
    expected = [side + 16 - side % 16 for side in worked] if padded else list(worked)
    assert list(inside) == expected


def test_the_background_is_what_another_runtime_paints() -> None:
    network, photo = randomise(WhiteboxUNet(), gain=1.0), noise(64, 48)
    graph = onnx_graphs.whitebox_unet(network.state_dict()).model()
    bgr = photo.flip(0).unsqueeze(0).float() / 127.5 - 1

    with torch.inference_mode():
        made = paint(photo, network, None)

    theirs = onnx_graphs.compute(graph, bgr).clamp(-0.999999, 0.999999)
    levels = ((theirs[0].flip(0) + 1) * 127.5).trunc()
    assert made.float().std() > 10
    assert (made.float() - levels).abs().max() <= 1
    assert (made.float() == levels).float().mean() > 0.99


def step(head: nn.Module, mask: float = 1.0) -> FaceStep:
    """A face step with a synthetic detector: one face of 160 pixels in the middle of 400 x 400."""
    box = torch.tensor([[0.3, 0.3, 0.7, 0.7, 0.95]])
    return FaceStep(
        detect=lambda letterbox: box,
        find_landmarks=lambda crop: LANDMARKS,
        head=head,
        mask=torch.full((1, 288, 288), mask),
    )


def test_a_head_covers_its_face_and_nothing_else() -> None:
    head = OneColour(-1.0, -1.0, 1.0)  # red
    photo = torch.full((3, 400, 400), 100, dtype=torch.uint8)

    made = paint(photo, Recorder(), step(head)).float()

    (shown,) = head.shown
    assert shown.shape == (1, 3, 288, 288)
    red = (made[0] - made[1]) > 200
    assert red[200, 200]
    # In the frame of 288 the eyes are 68 pixels apart and 78 above the mouth, here about 54 and 58.
    scale = (0.24 * 224 / 67.96 + 0.26 * 224 / 78.5) / 2
    assert red.sum().item() == pytest.approx((288 * scale) ** 2, rel=0.05)
    _, columns = torch.nonzero(red, as_tuple=True)
    assert columns.float().mean().item() == pytest.approx(200, abs=3)
    assert not red[:40].any()
    assert not red[360:].any()
    assert (made[:, :40] - 99).abs().max() <= 1  # what is beyond is the background's


def test_the_head_net_sees_the_face_where_it_was_trained_to() -> None:
    head = OneColour(0.0, 0.0, 0.0)
    photo = torch.full((3, 400, 400), 100, dtype=torch.uint8)
    # The nose: (0.5, 0.55) of a crop of 224 pixels that begins at 88.
    nose = (88 + 0.5 * 224, 88 + 0.55 * 224)
    photo[0, int(nose[1]) - 3 : int(nose[1]) + 4, int(nose[0]) - 3 : int(nose[0]) + 4] = 255

    paint(photo, Recorder(), step(head))

    red = head.shown[0][0, 2] > 0.5
    rows, columns = torch.nonzero(red, as_tuple=True)
    found = columns.float().mean().item(), rows.float().mean().item()
    assert math.dist(found, (145.98, 176.28)) < 12  # ArcFace's nose; the drawn face is not its mean


def test_the_mask_says_how_much_of_the_head_is_seen() -> None:
    photo = torch.full((3, 400, 400), 100, dtype=torch.uint8)
    head = OneColour(-1.0, -1.0, 1.0)

    half = paint(photo, Recorder(), step(head, mask=0.5)).float()
    none = paint(photo, Recorder(), step(head, mask=0.0))

    assert half[:, 200, 200].tolist() == pytest.approx([177, 50, 50], abs=1)
    assert torch.equal(none, paint(photo, Recorder(), None))


def test_without_a_face_the_background_is_left_alone() -> None:
    photo, head = noise(400, 400), OneColour(-1.0, -1.0, 1.0)
    nobody = FaceStep(
        lambda letterbox: torch.zeros(0, 5), step(head).find_landmarks, head, step(head).mask
    )

    assert torch.equal(paint(photo, Recorder(), nobody), paint(photo, Recorder(), None))
    assert head.shown == []
