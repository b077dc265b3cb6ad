"""DCT-Net bundles: the whole compound from files, and what is said where parts are missing."""

from pathlib import Path

import pytest
import torch

from common.errors import ConfigurationError
from tests.support.bundles import about, as_safetensors
from tests.support.graphs.faces import LANDMARKS, detector, landmarks, mask
from tests.support.random_weights import randomise
from worker.bundles.bundle import Bundle
from worker.bundles.writing import Part, write_bundle
from worker.dctnet import portrait
from worker.networks.precision import Precision
from worker.networks.whitebox_unet import WhiteboxUNet
from worker.styles.catalog import style_of

CPU = torch.device("cpu")

pytestmark = pytest.mark.usefixtures("one_thread")


def noise(height: int, width: int) -> torch.Tensor:
    """Noise, uint8 [3, height, width]."""
    generator = torch.Generator().manual_seed(height)
    return torch.randint(0, 256, (3, height, width), generator=generator, dtype=torch.uint8)


def net(seed: int) -> WhiteboxUNet:
    """One of two different nets."""
    return randomise(WhiteboxUNet(), seed, gain=1.0)


BACKGROUND = Part("bg.safetensors", as_safetensors(net(1)), "safetensors", "background")
HEAD = Part("head.safetensors", as_safetensors(net(2)), "safetensors", "head")


def face_parts(**others: bytes) -> list[Part]:
    """All parts of the compound."""
    data = {"detector": detector(), "landmarks": landmarks(), "mask": mask()} | others
    return [
        BACKGROUND,
        HEAD,
        Part("detector.onnx", data["detector"], "onnx", "detector"),
        Part("landmarks.onnx", data["landmarks"], "onnx", "landmarks"),
        Part("alpha.png", data["mask"], "image", "mask"),
    ]


def bundle_of(folder: Path, parts: list[Part]) -> Bundle:
    """A bundle of DCT-Net."""
    return write_bundle(folder, about("portrait", "dctnet"), parts)


def test_without_a_detector_the_background_net_paints_alone_and_says_so(tmp_path: Path) -> None:
    style = style_of(bundle_of(tmp_path / "b", [BACKGROUND, HEAD]))
    style.load(CPU, Precision.FLOAT32)
    photos = torch.stack([noise(40, 30), noise(40, 30)])

    with torch.inference_mode():
        made = style.forward(photos, 40)

    assert style.degraded == ("faces",)
    assert (style.card.multiple_of, style.card.batches) == (1, False)
    assert torch.equal(made[1], portrait.paint(photos[1], net(1), None))


def test_the_whole_compound_paints_faces_by_the_head_net(tmp_path: Path) -> None:
    style = style_of(bundle_of(tmp_path / "b", face_parts()))
    style.load(CPU, Precision.FLOAT32)
    photo = noise(240, 240)

    with torch.inference_mode():
        made = style.forward(photo.unsqueeze(0), 240)[0]
        alone = portrait.paint(photo, net(1), None)
        step = portrait.FaceStep(
            detect=lambda letterbox: torch.tensor([[0.3, 0.3, 0.7, 0.7, 0.95]]),
            find_landmarks=lambda crop: LANDMARKS,
            head=net(2),
            mask=torch.ones(1, 288, 288),
        )
        expected = portrait.paint(photo, net(1), step)

    assert style.degraded == ()
    assert torch.equal(made, expected)
    changed = (made != alone).any(0)
    assert changed[120, 120]
    assert not changed[:20].any()


def test_an_unsure_face_is_left_to_the_background(tmp_path: Path) -> None:
    style = style_of(bundle_of(tmp_path / "b", face_parts(detector=detector(score=0.5))))
    style.load(CPU, Precision.FLOAT32)
    photo = noise(64, 64)

    with torch.inference_mode():
        made = style.forward(photo.unsqueeze(0), 64)[0]

        assert torch.equal(made, portrait.paint(photo, net(1), None))


@pytest.mark.parametrize(
    ("role", "data", "words"),
    [
        ("detector", landmarks(), "1 inputs and 1 outputs instead of 1 and 3"),
        ("landmarks", b"nonsense", "no ONNX file that can be run"),
        ("mask", b"nonsense", "no PNG or JPEG"),
        ("mask", mask(kind="gif"), "no PNG or JPEG"),
        ("mask", mask(side_px=2001), "too large for a mask"),
    ],
)
def test_a_wrong_part_is_named(tmp_path: Path, role: str, data: bytes, words: str) -> None:
    style = style_of(bundle_of(tmp_path / "b", face_parts(**{role: data})))

    with pytest.raises(ConfigurationError, match=words):
        style.load(CPU, Precision.FLOAT32)


def test_a_mask_may_be_a_photo_of_any_size(tmp_path: Path) -> None:
    style = style_of(bundle_of(tmp_path / "b", face_parts(mask=mask(500, 51, "jpeg"))))
    style.load(CPU, Precision.FLOAT32)
    photo = noise(240, 240)

    with torch.inference_mode():
        made = style.forward(photo.unsqueeze(0), 240)[0].float()
        alone = portrait.paint(photo, net(1), None).float()

    assert 0 < (made - alone).abs().amax() < 60  # a fifth of the head at most
