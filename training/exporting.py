"""From a checkpoint to a bundle: fp16 safetensors and the model.json that describes them."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file, save_file

from common.errors import ConfigurationError
from training.learning import channels_last
from worker.bundles.manifest import MANIFEST
from worker.networks.toon_unet import MULTIPLE, RADIUS_PX, Ending, ToonUNet

WEIGHTS: Final = "weights.safetensors"
MOST_BYTES: Final = 3_000_000  # a look is a small file that lives in the repository
GENERATION: Final = 2  # of the network; weights of one do not fit another
ORIGIN: Final = "docs/looks.md"
TITLES: Final = {
    "ink": ("Comic", "Bold ink lines over few even colours, like a drawn comic."),
    "pencil": ("Pencil", "A drawing in graphite on warm paper."),
    "watercolour": ("Watercolour", "Thin washes with dark rims over a faint drawing."),
}


def export(style: str, checkpoint: Path, folder: Path) -> Path:
    """Write the bundle of a trained style.

    Args:
        style: Its name.
        checkpoint: Of its run; the running mean of the weights is taken.
        folder: Of the bundle; made if need be.

    Returns:
        The path of its model.json.

    Raises:
        ConfigurationError: The checkpoint belongs to another style, or the file is too large.
    """
    state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
    if state["plan"]["style"] != style:
        raise ConfigurationError(f"{checkpoint} holds '{state['plan']['style']}', not '{style}'.")
    weights = {key: tensor.half().contiguous() for key, tensor in state["average"].items()}
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)  # others than who trained it run the workers
    data = (folder / WEIGHTS).read_bytes()
    if len(data) > MOST_BYTES:
        raise ConfigurationError(f"{folder / WEIGHTS} has {len(data)} bytes, over {MOST_BYTES}.")
    ending = state["plan"].get("ending", "sum")
    manifest = manifest_of(style, hashlib.sha256(data).hexdigest(), state["step"], ending)
    path = folder / MANIFEST
    path.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return path


def manifest_of(style: str, sha256: str, steps: int, ending: Ending) -> dict[str, Any]:
    """What the model.json of one of our looks says."""
    title, description = TITLES[style]
    return {
        "schema": 1,
        "name": style,
        "version": f"{GENERATION}.{steps}",
        "title": title,
        "description": description,
        "arch": "toon_unet",
        "ending": ending,
        "files": [{"path": WEIGHTS, "sha256": sha256, "format": "safetensors", "role": "main"}],
        "io": {
            "layout": "NCHW",
            "channels": "rgb",
            "input_range": [0, 1],
            "output_range": [0, 1],
            "multiple_of": MULTIPLE,
            "pad": "reflect",
        },
        "sizes": {
            "native_px": 1024,
            "min_px": 256,
            "max_px": 2048,
            "tile_ok": True,
            "overlap_px": -(-RADIUS_PX // MULTIPLE) * MULTIPLE,
        },
        "precision": {"allowed": ["float32", "bfloat16", "float16"], "psnr_min_db": 40},
        "license": "Apache-2.0",
        "commercial_use": True,
        "origin": ORIGIN,
    }


def load(folder: Path) -> ToonUNet:
    """Read the network of a bundle back, float32."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    network = ToonUNet(manifest.get("ending", "sum"))
    network.load_state_dict({key: t.float() for key, t in load_file(folder / WEIGHTS).items()})
    return channels_last(network.eval())
