"""The photos: a licence for each, unseen ones kept apart, and their sizes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from common.errors import ConfigurationError
from training.album import SPLITS, Photo, at_size, pixels_of, read_list, verified
from training.measures import psnr_db, ssim
from training.targets import prepare, sizes_of
from training.teachers import TEACHERS
from worker.networks import cel

FREE = {
    *("public domain", "CC0-1.0", "CC-BY-2.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "MIT"),
    *("GPL-2.0-or-later", "LGPL-2.1-or-later", "LGPL-3.0-only"),
}


def test_every_photo_has_a_free_licence_an_author_and_a_digest() -> None:
    photos = read_list()
    assert len(photos) > 80
    assert {photo.license for photo in photos} <= FREE
    assert all(photo.author and len(photo.sha256) == 64 for photo in photos)
    assert {photo.package.split(":")[0] for photo in photos} == {"apt", "pip"}


def test_no_photo_is_both_learnt_and_judged() -> None:
    photos = read_list()
    assert {photo.split for photo in photos} == {*SPLITS}
    assert len({photo.sha256 for photo in photos}) == len(photos)
    unseen = {photo.name for photo in photos if photo.split == "validation"}
    assert {"astronaut", "hopper"} <= unseen  # the portraits of the documentation


def test_another_photo_under_the_same_name_is_refused() -> None:
    photo = read_list()[0]
    with pytest.raises(ConfigurationError, match="holds another"):
        verified(photo, b"another")


@pytest.mark.parametrize(
    ("number", "native_px", "split", "sizes"),
    [
        (0, 4000, "train", (256, 512, 1024)),
        (4, 4000, "train", (512, 1024, 2048)),
        (4, 800, "train", (512, 768)),
        (0, 640, "train", (256, 512)),
        (0, 4000, "validation", (512, 1024, 2048)),
        (0, 451, "validation", (451,)),
    ],
)
def test_sizes_never_enlarge(
    number: int, native_px: int, split: str, sizes: tuple[int, ...]
) -> None:
    assert sizes_of(number, native_px, split) == sizes


def a_photo(folder: Path) -> Photo:
    """A small one, as if it had been fetched."""
    photo = Photo("p", "pip:x==1", "p.png", "", "somebody", "CC0-1.0", "validation")
    noise = np.random.default_rng(1).integers(0, 256, (50, 70, 3), np.uint8)
    Image.fromarray(noise).save(photo.path_in(folder))
    return photo


def test_pairs_are_drawn_once(tmp_path: Path) -> None:
    teacher = TEACHERS["ink"]()
    said: list[str] = []
    for _ in range(2):
        pairs = prepare([a_photo(tmp_path)], teacher, tmp_path, tmp_path / "cache", said.append)
    assert len(said) == 1
    assert pairs[0].photo.shape == pairs[0].cartoon.shape == (48, 64, 3)
    assert not np.array_equal(pairs[0].photo, pairs[0].cartoon)


def test_a_lesson_holds_what_its_cartoon_is_made_of(tmp_path: Path) -> None:
    (pair,) = prepare([a_photo(tmp_path)], TEACHERS["ink"](), tmp_path, tmp_path / "c", print)
    parts = torch.from_numpy(pair.lesson[..., 3:].copy()).permute(2, 0, 1)[None].float() / 255
    made = cel.finish(parts[:, :3], parts[:, 3:])[0].permute(1, 2, 0).mul(255).numpy()
    error = np.abs(made - pair.cartoon)
    assert error.mean() < 1  # what rounding the parts to levels costs
    assert error.max() <= 0.5 * (cel.STEEPNESS + cel.SHADING) + 0.5 * cel.INK + 2


def test_a_missing_photo_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="python -m training photos"):
        pixels_of(read_list()[0], tmp_path)


def test_sides_become_multiples_of_eight_and_are_never_enlarged() -> None:
    picture = Image.new("RGB", (333, 201))
    assert at_size(picture, 2048).shape == (200, 328, 3)
    assert at_size(picture, 160).shape == (96, 160, 3)


def test_measures_know_equal_and_different_pictures() -> None:
    one = np.random.default_rng(2).integers(0, 256, (64, 64, 3), np.uint8)
    other = np.clip(one.astype(int) + 10, 0, 255).astype(np.uint8)
    assert psnr_db(one, one) == float("inf")
    assert 28 < psnr_db(one, other) < 29  # 20 log10(255 / 10) is 28.13; clipping takes a little
    assert ssim(one, one) == pytest.approx(1)
    assert 0.8 < ssim(one, other) < 1
    assert ssim(one, one[::-1].copy()) < 0.2
