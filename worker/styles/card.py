"""The card of a style that is a bundle."""

from collections.abc import Iterable

from worker.bundles.bundle import Bundle
from worker.networks.precision import Precision
from worker.styles import tensors
from worker.styles.base import StyleCard
from worker.styles.source import digest_of_code


def card_of(
    bundle: Bundle, sources: Iterable[str], *, batches: bool = True, parallel: bool = False
) -> StyleCard:
    """Say of a style what its bundle's manifest says.

    Args:
        bundle: The bundle; its files are not looked at.
        sources: `__file__` of the modules whose code decides its pixels.
        batches: Whether several photos may share a forward.
        parallel: Whether forwards side by side use a CPU's cores better than one on all of them.
    """
    manifest = bundle.manifest
    sizes, io = manifest.sizes, manifest.interface
    return StyleCard(
        name=manifest.name,
        title=manifest.title,
        description=manifest.description,
        model_digest=bundle.digest(digest_of_code([tensors.__file__, *sources])),
        license=manifest.license,
        min_size_px=sizes.min_px,
        max_size_px=sizes.max_px,
        default_size_px=sizes.native_px,
        # The engine pads by reflection only; other paddings are the style's own.
        multiple_of=io.multiple_of if io.pad == "reflect" else 1,
        batches=batches and io.layout != "HWC",
        parallel=parallel,
        precisions=tuple(dict.fromkeys((Precision.FLOAT32, *manifest.precision.allowed))),
        psnr_min_db=manifest.precision.psnr_min_db,
        tile_ok=sizes.tile_ok,
        overlap_px=sizes.overlap_px,
    )
