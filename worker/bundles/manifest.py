"""What `model.json` says: the schema of a style bundle.

Strict: no key that is not known, no number where a text belongs, nothing guessed. Faults become
plain words in `parsing`; whether the files are what they claim to be is `bundle`'s to say.
"""

import math
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from common.errors import ConfigurationError
from common.renders import MAX_SIZE_PX, MIN_SIZE_PX
from common.styles import is_style_name
from worker.networks.precision import Precision
from worker.networks.toon_unet import Ending

MANIFEST: Final = "model.json"

Arch = Literal["toon_unet", "animegan2", "whitebox_unet", "dctnet", "graph"]
Format = Literal["safetensors", "torch", "onnx", "torchscript", "image"]
Role = Literal["main", "background", "head", "detector", "landmarks", "mask"]

_TENSORS: Final = frozenset(("safetensors", "torch"))
# What each architecture may hold: role -> formats. Those in _NEEDED must be there.
_PARTS: Final[dict[str, dict[str, frozenset[str]]]] = {
    "toon_unet": {"main": _TENSORS},
    "animegan2": {"main": _TENSORS},
    "whitebox_unet": {"main": _TENSORS},
    "dctnet": {
        "background": _TENSORS,
        "head": _TENSORS,
        "detector": frozenset(("onnx",)),
        "landmarks": frozenset(("onnx",)),
        "mask": frozenset(("image",)),
    },
    "graph": {"main": frozenset(("onnx", "torchscript"))},
}
_NEEDED: Final = {arch: {"main"} for arch in _PARTS} | {"dctnet": {"background"}}
# Who finds faces needs all that follows; a head and a mask may wait for a detector.
_FINDERS: Final = frozenset(("detector", "landmarks"))
_FACE: Final = frozenset(("head", "mask", *_FINDERS))


class _Strict(BaseModel):
    """A part of the manifest: unknown keys are faults, types are taken at their word."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=True)


class BundleFile(_Strict):
    """A file of the bundle.

    Attributes:
        path: Its bare name, beside `model.json`.
        sha256: SHA-256 of its bytes, 64 hexadecimal digits in lower case.
        format: How it is read.
        role: What it is for.
    """

    # A bare name in ASCII: no folder, no drive, nothing hidden, nothing that could lead out.
    path: str = Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    format: Format
    role: Role

    @field_validator("path")
    @classmethod
    def _not_the_manifest(cls, path: str) -> str:
        if path.lower() == MANIFEST:
            raise ValueError(f"'{MANIFEST}' cannot list itself")
        return path


def _ascending(value: tuple[float, float]) -> tuple[float, float]:
    low, high = value
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError("must be two numbers, the lower first")
    return value


Range = Annotated[tuple[float, float], AfterValidator(_ascending)]


class Interface(_Strict):
    """The tensors of a network.

    Attributes:
        layout: Order of the axes. `HWC` has no batch axis: photos go in one by one.
        channels: Order of the colours.
        dtype: Type of the input; the output may be of any.
        input_range: What 0 and 255 of the photo become.
        output_range: What becomes 0 and 255 of the cartoon; outside of it is clipped.
        multiple_of: Both sides are padded to a multiple of this, right and bottom, pixels.
        pad: With what: the picture mirrored, white, or its last row and column repeated.
    """

    layout: Literal["NCHW", "NHWC", "HWC"]
    channels: Literal["rgb", "bgr"]
    dtype: Literal["float32", "uint8"] = "float32"
    input_range: Range
    output_range: Range
    multiple_of: int = Field(ge=1, le=256)
    pad: Literal["reflect", "white", "edge"] = "reflect"


class Sizes(_Strict):
    """The long sides that a style is good at, pixels.

    Attributes:
        native_px: What it is at its best with: the default of its callers.
        min_px: Least.
        max_px: Largest.
        tile_ok: Whether a part of a photo gives the same pixels as the whole.
        overlap_px: What must lie around that part.
    """

    native_px: int
    min_px: int = Field(MIN_SIZE_PX, ge=MIN_SIZE_PX, le=MAX_SIZE_PX)
    max_px: int = Field(MAX_SIZE_PX, ge=MIN_SIZE_PX, le=MAX_SIZE_PX)
    tile_ok: bool = False
    overlap_px: int = Field(0, ge=0, le=MAX_SIZE_PX)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.min_px <= self.native_px <= self.max_px:
            raise ValueError("must hold: min_px <= native_px <= max_px")
        return self


class Precisions(_Strict):
    """The precisions a style may be run in.

    Attributes:
        allowed: float32 is always allowed, named or not.
        psnr_min_db: Least PSNR of the others' cartoons to those of float32, dB.
    """

    # Texts in JSON: strict mode would ask for the enum itself.
    allowed: tuple[Annotated[Precision, Field(strict=False)], ...] = (Precision.FLOAT32,)
    psnr_min_db: float = Field(40.0, ge=20, le=100)


# The tensors of architectures that leave no choice: a bundle may repeat them, not change them.
_FIXED_IO: Final = {
    "toon_unet": Interface(
        layout="NCHW", channels="rgb", input_range=(0, 1), output_range=(0, 1), multiple_of=16
    ),
    # Source: test.py of github.com/bryandlee/animegan2-pytorch: RGB, x / 127.5 - 1, sides of 32.
    "animegan2": Interface(
        layout="NCHW",
        channels="rgb",
        input_range=(-1, 1),
        output_range=(-1, 1),
        multiple_of=32,
    ),
    # Source: image_cartoon_pipeline.py of github.com/modelscope/modelscope (Apache-2.0): BGR,
    # padded with white to sides of 16.
    "dctnet": Interface(
        layout="HWC",
        channels="bgr",
        input_range=(0, 255),
        output_range=(0, 255),
        multiple_of=16,
        pad="white",
    ),
}


class Manifest(_Strict):
    """`model.json`.

    Attributes:
        schema_number: Of this schema: 1.
        name: The style's name, as callers send it.
        version: The bundle's own, for people; pixels go by `files` and `io`.
        title: Name for people.
        description: One sentence for people.
        arch: Which of our networks takes the weights; `graph` for a file that is its own program.
        ending: What `toon_unet` makes of its last planes: `sum`, or `cel`: steps of light, and ink.
        files: The bundle's files.
        io: The network's tensors; may be left out where the architecture leaves no choice.
        sizes: The long sides it is good at.
        precision: The precisions it may be run in.
        license: SPDX name of the weights' licence, or `LicenseRef-...`.
        commercial_use: Whether that licence allows commercial use.
        origin: Address of the page that the weights come from; `docs/...` for those made here.
    """

    schema_number: Literal[1] = Field(alias="schema")
    name: str
    version: str = Field(min_length=1, max_length=64)
    title: str = Field(min_length=1, max_length=80)
    description: str = Field("", max_length=300)
    arch: Arch
    ending: Ending = "sum"
    files: tuple[BundleFile, ...]
    io: Interface | None = Field(None, validate_default=True)
    sizes: Sizes
    precision: Precisions = Precisions()
    license: str = Field(min_length=1, max_length=120)
    commercial_use: bool
    origin: str = Field(pattern=r"^(https?://|docs/)\S{1,500}$")

    @field_validator("name")
    @classmethod
    def _is_a_style_name(cls, name: str) -> str:
        if not is_style_name(name):
            raise ValueError("must be a-z, 0-9 and '-', at most 63 characters")
        return name

    @field_validator("version", "title", "description", "license", "origin")
    @classmethod
    def _is_printable(cls, text: str) -> str:
        """These are shown in terminals: no control characters."""
        if not text.isprintable():
            raise ValueError("must be one line of printable characters")
        return text

    @field_validator("files")
    @classmethod
    def _fit_the_arch(
        cls, files: tuple[BundleFile, ...], info: ValidationInfo
    ) -> tuple[BundleFile, ...]:
        if "arch" in info.data and (faults := _faults_of_files(info.data["arch"], files)):
            raise ValueError("; ".join(faults))
        return files

    @field_validator("ending")
    @classmethod
    def _is_the_archs_own(cls, ending: Ending, info: ValidationInfo) -> Ending:
        if ending != "sum" and info.data.get("arch") != "toon_unet":
            raise ValueError("only toon_unet has one; leave it out")
        return ending

    @field_validator("io")
    @classmethod
    def _fits_the_arch(cls, io: Interface | None, info: ValidationInfo) -> Interface | None:
        if "arch" not in info.data:
            return io
        fixed = _FIXED_IO.get(info.data["arch"])
        if fixed and io not in (None, fixed):
            raise ValueError(f"{info.data['arch']} takes {fixed!r}; leave it out")
        if not fixed and io is None:
            raise ValueError(f"{info.data['arch']} needs it: it is never guessed")
        return fixed or io

    @field_validator("precision")
    @classmethod
    def _is_ours_to_choose(cls, precision: Precisions, info: ValidationInfo) -> Precisions:
        if info.data.get("arch") == "graph" and precision.allowed != (Precision.FLOAT32,):
            raise ValueError("a graph computes in the types it was exported with; leave it out")
        return precision

    @property
    def interface(self) -> Interface:
        """The network's tensors, whether the manifest repeats them or not."""
        if self.io is None:  # validated above; said again for the type checker
            raise ConfigurationError(f"{MANIFEST}: io is missing")
        return self.io

    def files_of(self, role: Role) -> tuple[BundleFile, ...]:
        """The files of a role: one, or none."""
        return tuple(file for file in self.files if file.role == role)


def _faults_of_files(arch: str, files: tuple[BundleFile, ...]) -> list[str]:
    """Say what is wrong between an architecture and the files."""
    parts, roles = _PARTS[arch], [file.role for file in files]
    faults = [f"{arch} needs a file of role '{role}'" for role in sorted(_NEEDED[arch] - {*roles})]
    faults += [f"two files of role '{role}'" for role in sorted({*roles}) if roles.count(role) > 1]
    paths = [file.path.lower() for file in files]  # some file systems do not tell them apart
    faults += [f"'{path}' is listed twice" for path in sorted({*paths}) if paths.count(path) > 1]
    for file in files:
        formats = parts.get(file.role)
        if formats is None:
            faults.append(f"{arch} has no use for a file of role '{file.role}'")
        elif file.format not in formats:
            faults.append(f"'{file.path}' must be one of: {', '.join(sorted(formats))}")
    if _FINDERS & {*roles} and (lacking := _FACE - {*roles}):
        faults.append(f"the face step lacks {', '.join(sorted(lacking))}")
    return faults
