"""The worker's image stages and the bare codecs under them, timed in turn.

Imports torch: only for a process in which the allocator was told before.
"""

import io
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import ExifTags, Image

from benchmarks.photos import one_photo
from benchmarks.processes import cpu_s
from common.photos import PhotoLimits, decodes_heif
from common.renders import PictureFormat
from common.settings import Settings
from worker.images import heif, turbo
from worker.images.blend import blend
from worker.images.decode import DecodedPhoto, at_work_size
from worker.images.encode import encode
from worker.images.pixels import PixelReader
from worker.sandbox.limits import DecoderLimits
from worker.sandbox.pool import DecoderPool

Task = Callable[[], object]
Spans = dict[str, dict[str, float]]

WAYS = {  # sides of the photo, long side of the picture
    "12 MP to 1024 px": ((4000, 3000), 1024),
    "12 MP upright to 1024 px": ((4000, 3000), 1024),
    "12 MP to 512 px": ((4000, 3000), 512),
    "1024 x 768 to 1024 px": ((1024, 768), 1024),
    "1024 x 768 to 512 px": ((1024, 768), 512),
}
PHOTO_PX = (2000, 1500)
SIZE_PX = 1024
STRENGTH = 0.7
QUALITY = 92
UPRIGHT = 6  # how a telephone stores what was taken upright
SPARE = 1.5  # the scale that `worker.images.pixels` asks for
WARM_TIMES = 2
SERIES = 5
# What else Pillow's encoders can do: (format, options) by name.
CHOICES: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"(png, level {n})": ("png", {"compress_level": n}) for n in (1, 3, 6)},
    **{f"(webp, method {n})": ("webp", {"quality": QUALITY, "method": n}) for n in (0, 1, 3, 4)},
}


def measure(rounds: int) -> dict[str, Any]:
    """Measure all; milliseconds."""
    torch.set_num_threads(1)
    heif.register()
    settings = Settings()
    pool = DecoderPool(DecoderLimits.of(settings), processes=1)
    pool.start()
    limits = PhotoLimits.of(settings)
    figures: dict[str, Any] = {"ways": {}, "decode": {}}
    for name in WAYS:
        figures["ways"][name] = _way(name, limits, pool, rounds)
        if turbo.library() is not None:
            with _pillow_alone():
                figures["ways"][f"{name}, Pillow alone"] = _way(name, limits, pool, rounds)
    for name, data in _files():
        (child,) = pool.idle_pids
        ours = partial(pool.decode, data, SIZE_PX)
        spans = _in_turn({"bare": _bare_decoder(data, SIZE_PX), "ours": ours}, rounds, child)
        figures["decode"][name] = {**spans, "kb": len(data) / 1000}
    figures["encode"] = _encoders(rounds)
    pool.close()
    return figures


def _way(name: str, limits: PhotoLimits, pool: DecoderPool, rounds: int) -> Spans:
    """Time the stages of one photo's way."""
    sides, size_px = WAYS[name]
    data = one_photo(*sides)
    if "upright" in name:
        data = _turned(data)
    reader, room = PixelReader(limits), np.empty(4 * sides[0] * sides[1], np.uint8)
    pixels = reader.read(data, size_px)
    photo = at_work_size(pixels, reader.to_srgb)
    cartoon = _cartoon_of(photo)
    picture = blend(photo.pixels, cartoon, STRENGTH)
    (child,) = pool.idle_pids
    return _in_turn(
        {
            "read": lambda: reader.read(data, size_px, room),
            "to work size": lambda: at_work_size(pixels, reader.to_srgb),
            "blend": lambda: blend(photo.pixels, cartoon, STRENGTH),
            "encode": lambda: _encode(picture, PictureFormat.JPEG),
            "codec process": lambda: pool.decode(data, size_px),
            "bare decode": _bare_decoder(data, size_px, room),
            "bare encode": _bare_encoder(picture, "jpeg", quality=QUALITY, subsampling="4:4:4"),
        },
        rounds,
        child,
    )


def _cartoon_of(photo: DecodedPhoto) -> torch.Tensor:
    """Return something of a cartoon's kind: flat paint, laid out as the engine hands it over."""
    return photo.pixels // 32 * 32


def _encode(picture: torch.Tensor, picture_format: PictureFormat) -> bytes:
    quality = QUALITY if picture_format.has_quality else None
    return encode(picture, None, picture_format=picture_format, quality=quality)


def _bare_decoder(data: bytes, size_px: int, room: np.ndarray[Any, Any] | None = None) -> Task:
    """Return the fastest decoder there is, called for pixels at the scale that we use."""

    def by_pillow() -> Image.Image:
        with Image.open(io.BytesIO(data)) as image:
            scale = SPARE * size_px / max(image.size)
            image.draft(None, (round(image.width * scale), round(image.height * scale)))
            image.load()
            return image

    simplejpeg = turbo.library()
    if simplejpeg is None or room is None:
        return by_pillow
    width, height = by_pillow().size
    return lambda: simplejpeg.decode_jpeg(data, min_width=width, min_height=height, buffer=room)


def _bare_encoder(picture: torch.Tensor, name: str, **options: Any) -> Task:
    image = Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy())
    return lambda: image.save(io.BytesIO(), name, **options)


def _files() -> Iterator[tuple[str, bytes]]:
    """Yield a photo in every format that is read here."""
    data = one_photo(*PHOTO_PX)
    yield "JPEG", data
    yield "JPEG, upright", _turned(data)
    image = Image.open(io.BytesIO(data))
    yield "JPEG, progressive", _saved(image, "JPEG", quality=90, progressive=True)
    yield "PNG", _saved(image, "PNG")
    yield "PNG, alpha", _saved(_with_alpha(image), "PNG")
    yield "WebP", _saved(image, "WEBP", quality=85)
    yield "GIF", _saved(image, "GIF")
    yield "AVIF", _saved(image, "AVIF", quality=70, speed=8)
    if decodes_heif():
        # The encoder would take half a minute for its usual pains; decoding hardly differs.
        yield "HEIC", _saved(image, "HEIF", quality=60, enc_params={"preset": "ultrafast"})


def _encoders(rounds: int) -> dict[str, Any]:
    """Time our encoder and Pillow's, on a cartoon-like picture with a photo's share in it."""
    data = one_photo(1024, 768, 1)
    image = np.array(Image.open(io.BytesIO(data)))
    photo = DecodedPhoto(torch.from_numpy(image).permute(2, 0, 1))
    picture = blend(photo.pixels, _cartoon_of(photo), STRENGTH)
    own: dict[PictureFormat, dict[str, Any]] = {
        PictureFormat.JPEG: {"quality": QUALITY, "subsampling": "4:4:4"},
        PictureFormat.PNG: {"compress_level": 2},
        PictureFormat.WEBP: {"quality": QUALITY, "method": 2},
    }
    found: dict[str, Any] = {}
    for each, options in own.items():
        tasks: dict[str, Task] = {
            "bare": _bare_encoder(picture, each.value, **options),
            "ours": partial(_encode, picture, each),
        }
        kb = len(_encode(picture, each)) / 1000
        found[each.value] = {**_in_turn(tasks, rounds), "kb": kb}
    pillow = Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy())
    for name, (form, options) in CHOICES.items():
        spans = _in_turn({"bare": _bare_encoder(picture, form, **options)}, rounds)["bare"]
        kb = len(_saved(pillow, form, **options)) / 1000
        found[name] = {"bare": spans, "ours": spans, "kb": kb}
    return found


def _in_turn(tasks: Mapping[str, Task], rounds: int, child: int | None = None) -> Spans:
    """Run each task once a round; what disturbs the machine disturbs all alike.

    Args:
        tasks: By name.
        rounds: How often in each series.
        child: Pid of a process whose CPU time counts too, for those tasks that ask it.

    Returns:
        For each task `clock_ms` and `cpu_ms`: the least of the means of `SERIES` series. A single
        time would not do: the kernel tells another process's time in hundredths of a second.
    """
    children = [] if child is None else [child]
    for task in [*tasks.values()] * WARM_TIMES:
        task()
    least: Spans = {name: {"clock_ms": math.inf, "cpu_ms": math.inf} for name in tasks}
    for _ in range(SERIES):
        sums: Spans = {name: {"clock_ms": 0.0, "cpu_ms": 0.0} for name in tasks}
        for _ in range(rounds):
            for name, task in tasks.items():
                cpu_before_s, begun_s = time.process_time() + cpu_s(children), time.perf_counter()
                task()
                sums[name]["clock_ms"] += (time.perf_counter() - begun_s) * 1000
                cpu_ms = (time.process_time() + cpu_s(children) - cpu_before_s) * 1000
                sums[name]["cpu_ms"] += cpu_ms
        for name, spans in sums.items():
            for clock, total_ms in spans.items():
                least[name][clock] = min(least[name][clock], total_ms / rounds)
    return least


@contextmanager
def _pillow_alone() -> Iterator[None]:
    """Do without simplejpeg in this process; the codec process keeps it."""
    library, turbo.library = turbo.library, lambda: None  # type: ignore[assignment]  # a stand-in
    try:
        yield
    finally:
        turbo.library = library


def _turned(jpeg: bytes) -> bytes:
    """Mark a JPEG as one that was taken with the camera held upright."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = UPRIGHT
    content = exif.tobytes()
    segment = b"\xff\xe1" + (len(content) + 2).to_bytes(2, "big") + content
    return jpeg[:2] + segment + jpeg[2:]


def _with_alpha(image: Image.Image) -> Image.Image:
    image = image.copy()
    image.putalpha(image.getchannel("G"))
    return image


def _saved(image: Image.Image, name: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()
