"""Limits follow the settings and travel on a command line."""

import pytest

from common.errors import ConfigurationError
from common.settings import Settings
from worker.sandbox.limits import DecoderLimits


def test_memory_fits_the_largest_photo() -> None:
    assert DecoderLimits.of(Settings(max_pixels=40_000_000)).memory_bytes == 1_600_000_000
    assert DecoderLimits.of(Settings(max_pixels=1_000)).memory_bytes == 128_000_000


def test_memory_can_be_set() -> None:
    assert DecoderLimits.of(Settings(decode_memory_mb=64)).memory_bytes == 64_000_000


def test_the_shared_memory_holds_the_largest_file_and_the_largest_photo() -> None:
    limits = DecoderLimits.of(Settings(max_upload_bytes=40_000_000, max_pixels=40_000_000))
    assert limits.shared_bytes == 40_000_000 + 4 * 40_000_000
    limits = DecoderLimits.of(Settings(max_upload_bytes=40_000_000, max_pixels=1_000))
    assert limits.shared_bytes == 40_000_000 + 4 * 1_000


def test_a_worker_that_cannot_keep_the_promise_of_heif_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("worker.sandbox.limits.decodes_heif", lambda: False)
    with pytest.raises(ConfigurationError, match="pillow-heif"):
        DecoderLimits.of(Settings(heif=True))
    assert DecoderLimits.of(Settings(heif=False)).photo.heif is False


def test_they_travel_as_one_word() -> None:
    limits = DecoderLimits.of(Settings(decode_cpu_s=7, max_aspect=3.5))
    assert DecoderLimits.from_argument(limits.as_argument()) == limits
