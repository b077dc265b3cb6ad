"""Bundles become styles: found, described, loaded in a precision, and painting."""

import json
from pathlib import Path

import pytest
import torch

from common.errors import ConfigurationError
from tests.support.bundles import about, animegan2_bundle, as_safetensors, toon_unet_bundle
from tests.support.graphs import onnx_graphs
from tests.support.random_weights import randomise
from worker.bundles.bundle import Bundle
from worker.bundles.manifest import Role
from worker.bundles.writing import Part, write_bundle
from worker.networks.precision import Precision
from worker.networks.whitebox_unet import WhiteboxUNet
from worker.styles.catalog import bundled_styles, style_of

CPU = torch.device("cpu")

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return animegan2_bundle(
        tmp_path / "paprika",
        license="LicenseRef-AnimeGANv2",
        commercial_use=False,
        sizes={"native_px": 768, "min_px": 256, "max_px": 1024},
        precision={"allowed": ["bfloat16"], "psnr_min_db": 38.5},
    )


def photos(count: int = 1, height: int = 64, width: int = 32) -> torch.Tensor:
    """Noise, uint8 [count, 3, height, width]."""
    generator = torch.Generator().manual_seed(5)
    return torch.randint(0, 256, (count, 3, height, width), generator=generator, dtype=torch.uint8)


def test_its_card_says_what_the_manifest_says(bundle: Bundle) -> None:
    card = style_of(bundle).card

    assert (card.name, card.title, card.license) == ("paprika", "Paprika", "LicenseRef-AnimeGANv2")
    assert (card.min_size_px, card.default_size_px, card.max_size_px) == (256, 768, 1024)
    assert (card.multiple_of, card.tile_ok) == (32, False)
    assert card.precisions == (Precision.FLOAT32, Precision.BFLOAT16)
    assert card.psnr_min_db == 38.5


def test_the_public_form_of_a_checkpoint_paints_as_another_runtime_does(bundle: Bundle) -> None:
    style = style_of(bundle)
    style.load(CPU, Precision.FLOAT32)
    given = photos()

    with torch.inference_mode():
        cartoons = style.forward(given, 64)

    weights = torch.load(bundle.folder / "weights.pt", weights_only=True)
    graph = onnx_graphs.animegan2(weights).model()
    theirs = onnx_graphs.compute(graph, given.float() / 127.5 - 1)
    levels = ((theirs + 1) * 127.5).round().clamp(0, 255)
    assert cartoons.dtype == torch.uint8
    assert cartoons.float().std() > 10
    assert (cartoons.float() - levels).abs().max() <= 1


def test_a_lower_precision_paints_nearly_the_same(bundle: Bundle) -> None:
    style = style_of(bundle)
    with torch.inference_mode():
        style.load(CPU, Precision.FLOAT32)
        whole = style.forward(photos(), 64).float()
        style.load(CPU, Precision.BFLOAT16)
        half = style.forward(photos(), 64).float()

    error = (whole - half).abs()
    assert 0 < error.mean() < 3


def test_the_whitebox_network_takes_bgr_where_its_manifest_says_so(tmp_path: Path) -> None:
    network = randomise(WhiteboxUNet(), gain=1.0)
    io = {
        "layout": "NCHW",
        "channels": "bgr",
        "input_range": [-1, 1],
        "output_range": [-1, 1],
        "multiple_of": 4,
    }
    part = Part("w.safetensors", as_safetensors(network), "safetensors", "main")
    made = write_bundle(tmp_path / "box", about("box", "whitebox_unet", io=io), [part])
    style = style_of(made)
    style.load(CPU, Precision.FLOAT32)
    given = photos(2)

    with torch.inference_mode():
        cartoons = style.forward(given, 64)

    graph = onnx_graphs.whitebox_unet(network.state_dict()).model()
    for photo, cartoon in zip(given, cartoons, strict=True):
        theirs = onnx_graphs.compute(graph, photo.unsqueeze(0).flip(1).float() / 127.5 - 1)
        levels = ((theirs.flip(1) + 1) * 127.5).round().clamp(0, 255)
        assert (cartoon.float() - levels[0]).abs().max() <= 1


def test_the_built_in_network_draws_by_the_whole_photos_scale(tmp_path: Path) -> None:
    style = style_of(toon_unet_bundle(tmp_path / "toon"))
    style.load(CPU, Precision.FLOAT32)
    with torch.inference_mode():
        small, large = style.forward(photos(), 512), style.forward(photos(), 2048)

    assert style.card.multiple_of == 16
    assert not torch.equal(small, large)


def test_the_ending_is_the_manifests_and_part_of_the_version(tmp_path: Path) -> None:
    plain, cel = (
        style_of(toon_unet_bundle(tmp_path / ending, ending=ending)) for ending in ("sum", "cel")
    )
    assert plain.card.model_digest != cel.card.model_digest
    cel.load(CPU, Precision.FLOAT32)
    with torch.inference_mode():
        cartoon = cel.forward(photos(), 512)
    assert cartoon.shape == photos().shape


def test_weights_of_another_ending_do_not_load(tmp_path: Path) -> None:
    bundle = toon_unet_bundle(tmp_path / "toon")
    path = bundle.folder / "model.json"
    path.write_text(path.read_text().replace('"toon_unet"', '"toon_unet", "ending": "cel"'))

    with pytest.raises(ConfigurationError, match="has other shapes: tail"):
        style_of(Bundle.open(bundle.folder)).load(CPU, Precision.FLOAT32)


def test_weights_that_changed_since_do_not_load(bundle: Bundle) -> None:
    file = bundle.folder / "weights.pt"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)

    with pytest.raises(ConfigurationError, match="SHA-256"):
        style_of(bundle).load(CPU, Precision.FLOAT32)


def test_an_unloaded_style_says_so(bundle: Bundle) -> None:
    with pytest.raises(ConfigurationError, match="not loaded"):
        style_of(bundle).forward(photos(), 64)


def test_every_folder_with_a_manifest_is_served_and_nothing_else(
    bundle: Bundle, tmp_path: Path
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / ".adding-1").mkdir()
    (tmp_path / ".adding-1" / "model.json").write_text("{")

    names = [style.card.name for style in bundled_styles(tmp_path)]

    assert bundle.manifest.name in names
    built_in = [style.card.name for style in bundled_styles(tmp_path / "nowhere")]
    assert names == [*built_in, "paprika"]


def test_a_broken_manifest_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model.json").write_text(json.dumps({"schema": 1}))

    with pytest.raises(ConfigurationError, match=r"broken/model\.json: name: is missing"):
        bundled_styles(tmp_path)


@pytest.mark.parametrize(
    ("arch", "overlap_px", "words"),
    [
        ("animegan2", 512, "animegan2 sees the whole photo; tile_ok must be false"),
        ("dctnet", 512, "dctnet sees the whole photo; tile_ok must be false"),
        ("toon_unet", 16, "need an overlap_px of at least 150"),
    ],
)
def test_tiles_that_would_show_are_refused(
    tmp_path: Path, arch: str, overlap_px: int, words: str
) -> None:
    sizes = {"native_px": 512, "tile_ok": True, "overlap_px": overlap_px}
    role: Role = "background" if arch == "dctnet" else "main"
    part = Part("w.safetensors", b"", "safetensors", role)
    made = write_bundle(tmp_path / "b", about("b", arch, sizes=sizes), [part])

    with pytest.raises(ConfigurationError, match=words):
        style_of(made)
