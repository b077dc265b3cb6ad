"""Render keys: the same pixels for the same readers have one key, anything else another."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.renders import Identity, Params, PictureFormat, work_size

LINE = "ink.0123456789ab"
PARAMS = Params(0.7, 1024, PictureFormat.JPEG, 92)
IDENTITY = Identity("a" * 64, PARAMS, "caller:ann")


def canonical(**changes: Any) -> Params:
    values: dict[str, Any] = {
        "strength": 0.7,
        "size": 1024,
        "picture_format": PictureFormat.JPEG,
        "quality": 92,
        "photo_long_side_px": 4000,
    }
    return Params.canonical(**(values | changes))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"strength": 0.7}, {"strength": 0.7004}),
        ({"strength": 0.0}, {"strength": -0.0}),
        ({"size": 1024, "photo_long_side_px": 800}, {"size": 2048, "photo_long_side_px": 800}),
        (
            {"picture_format": PictureFormat.PNG, "quality": 10},
            {"picture_format": PictureFormat.PNG, "quality": 90},
        ),
    ],
)
def test_what_means_the_same_pixels_has_one_key(one: dict[str, Any], other: dict[str, Any]) -> None:
    keys = {dataclasses.replace(IDENTITY, params=canonical(**c)).key(LINE) for c in (one, other)}
    assert len(keys) == 1


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(IDENTITY, image_sha256="b" * 64),
        dataclasses.replace(IDENTITY, scope="caller:ben"),
        dataclasses.replace(IDENTITY, scope="service"),
        dataclasses.replace(IDENTITY, salt="0" * 32),
        dataclasses.replace(IDENTITY, params=dataclasses.replace(PARAMS, strength=0.71)),
        dataclasses.replace(IDENTITY, params=dataclasses.replace(PARAMS, size=1025)),
        dataclasses.replace(IDENTITY, params=dataclasses.replace(PARAMS, quality=91)),
        dataclasses.replace(
            IDENTITY, params=dataclasses.replace(PARAMS, format=PictureFormat.WEBP)
        ),
    ],
)
def test_whatever_decides_the_picture_or_its_readers_decides_the_key(other: Identity) -> None:
    assert other.key(LINE) != IDENTITY.key(LINE)


def test_a_version_has_keys_of_its_own() -> None:
    assert IDENTITY.key("ink.ffffffffffff") != IDENTITY.key(LINE)


def test_a_key_is_known_for_good() -> None:
    # Kept pictures are found by it: a change here throws every cache away.
    assert IDENTITY.key(LINE) == "31001c8b430634dd1b3303d7a8b455183cccfa08f20ab0d07d3d8dd4c665442e"


@given(
    strength=st.floats(0, 1),
    size=st.integers(256, 2048),
    quality=st.integers(1, 100),
    picture_format=st.sampled_from(PictureFormat),
    side=st.integers(16, 10_000),
)
def test_params_come_back_as_they_were(
    strength: float, size: int, quality: int, picture_format: PictureFormat, side: int
) -> None:
    params = canonical(
        strength=strength,
        size=size,
        quality=quality,
        picture_format=picture_format,
        photo_long_side_px=side,
    )
    assert Params.from_dict(params.as_dict()) == params
    assert params.size <= min(size, side)
    assert params.strength == round(params.strength, 2)


@pytest.mark.parametrize(
    ("photo", "long_side", "expected"),
    [
        ((4000, 3000), 1024, (1024, 768)),
        ((3000, 4000), 1024, (768, 1024)),
        ((400, 300), 1024, (400, 300)),
        ((4000, 1), 256, (256, 1)),
    ],
)
def test_photos_are_never_enlarged(
    photo: tuple[int, int], long_side: int, expected: tuple[int, int]
) -> None:
    assert work_size(*photo, long_side) == expected
