"""A faster precision is taken only where the pixels stay those of float32."""

import math

import pytest
import torch

from tests.support.accelerators import SmallDevice
from tests.support.styles import ConvStyle
from worker.engine.calibration import calibrate
from worker.engine.fidelity import most_levels, psnr_db
from worker.engine.model import Model
from worker.networks.precision import Precision
from worker.styles.base import StyleCard

F32, BF16, F16 = Precision.FLOAT32, Precision.BFLOAT16, Precision.FLOAT16
ROOM = 8 * 512 * 512


def load(style: ConvStyle, *fast: Precision) -> Model:
    model = Model(style)
    calibrate(model, SmallDevice(ROOM, precisions=fast), max_batch=1)
    return model


class CoarseStyle(ConvStyle):
    """Loses its pixels in bfloat16, as a network does whose sums are large."""

    def load(self, device: torch.device, precision: Precision) -> None:
        """Note the precision besides."""
        super().load(device, precision)
        self._lost = precision is BF16

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Answer sixteen levels when told to be coarse."""
        cartoons = super().forward(photos, long_side_px)
        return cartoons // 16 * 16 if self._lost else cartoons


class LackingStyle(ConvStyle):
    """Has an operator that knows no float16."""

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Fail in float16."""
        if self.loaded[-1] is F16:
            raise RuntimeError("\"conv2d\" not implemented for 'Half'")  # torch's own words
        return super().forward(photos, long_side_px)


class PlainStyle(ConvStyle):
    """Allows nothing but float32."""

    card = StyleCard(name="plain", title="", description="", model_digest="1", multiple_of=2)


@pytest.mark.parametrize(
    ("style", "fast", "taken", "loads"),
    [
        (ConvStyle(), (), F32, [F32]),
        (ConvStyle(), (BF16,), BF16, [F32, BF16]),
        (ConvStyle(), (F16, BF16), F16, [F32, F16]),
        (CoarseStyle(), (BF16,), F32, [F32, BF16, F32]),
        (CoarseStyle(), (BF16, F16), F16, [F32, BF16, F16]),
        (LackingStyle(), (F16, BF16), BF16, [F32, F16, BF16]),
        (PlainStyle(), (BF16,), F32, [F32]),
    ],
)
def test_the_first_that_keeps_the_pixels_is_taken(
    style: ConvStyle, fast: tuple[Precision, ...], taken: Precision, loads: list[Precision]
) -> None:
    model = load(style, *fast)
    assert model.precision is taken
    assert style.loaded == loads  # what is loaded at the end is what was taken


def test_psnr() -> None:
    black = torch.zeros((3, 4, 4), dtype=torch.uint8)
    white = torch.full_like(black, 255)
    one_off = torch.ones_like(black)
    assert psnr_db([black], [black]) == math.inf
    assert psnr_db([black], [white]) == 0
    assert psnr_db([black], [one_off]) == pytest.approx(48.13, abs=0.01)
    assert psnr_db([black, black], [black, one_off]) == pytest.approx(51.14, abs=0.01)
    assert most_levels(white, one_off) == 254
