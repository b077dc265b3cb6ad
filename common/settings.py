"""Settings of every process, read once from the environment; nothing else reads it.

One frozen object. Every field has a unit in its name, a default and a description, from which
`docs/configuration.md` is generated. All faults are reported together, at start. Nothing here
depends on the name of an environment.
"""

import logging
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import SettingsConfigDict

from common.errors import ConfigurationError
from common.outbound_settings import OutboundSettings
from common.setting_values import HttpUrl, ModulesAndClasses, Names, Origins

PREFIX = "CELSHADE_"
HOUR_S = 3600
DAY_S = 24 * HOUR_S

# Environment variables of the previous release, and the settings that replace them.
FORMER_NAMES = {f"{PREFIX}STORE": "objects"}

_log = logging.getLogger(__name__)


class Settings(OutboundSettings):
    """All settings of all processes, validated; see each field's description."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    # --- Where the parts are ---
    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        description="The job store: Redis >= 7.0 or Valkey, with AOF and `noeviction`.",
    )
    broker_url: SecretStr | None = Field(
        None, description="Celery's broker for hints; the job store's Redis when left out."
    )
    objects: Literal["s3", "local"] = Field(
        "s3",
        description="Where pictures lie: `s3`, or `local` (a directory that the API, the keeper "
        "and all workers share on one disk; meant for one machine).",
    )
    data_dir: Path = Field(
        Path("data"), description="Directory of the `local` store and of its signing key."
    )
    s3_endpoint_url: HttpUrl | None = Field(
        None, description="S3 endpoint that the service talks to; AWS' own when left out."
    )
    s3_public_endpoint_url: HttpUrl | None = Field(
        None,
        description="S3 endpoint as readers reach it: it is part of every signed link. "
        "`s3_endpoint_url` when left out.",
    )
    s3_bucket: str = Field("celshade", description="Bucket; created at start if it is missing.")
    s3_region: str = Field("us-east-1", description="Region used in signatures.")
    s3_access_key_id: str | None = Field(None, description="S3 access key.")
    s3_secret_access_key: SecretStr | None = Field(None, description="S3 secret key.")

    # --- The API ---
    api_host: str = Field("127.0.0.1", description="Address the API binds to.")
    api_port: int = Field(8000, ge=0, le=65535, description="Port the API binds to.")
    api_processes: int = Field(2, ge=1, le=64, description="API processes on this machine.")
    api_threads: int = Field(8, ge=2, le=256, description="Threads of each API process.")
    public_url: HttpUrl | None = Field(
        None,
        description="Base of every link in an answer. When left out, only requests whose Host is a "
        "loopback name are served, and links follow it.",
    )
    keys_file: Path | None = Field(
        None,
        description="TOML file of callers, beside the keys in the job store; without one and "
        "without any such key, everybody on loopback is `local`.",
    )
    allow_open: bool = Field(
        False,
        description="Serve everybody, on whatever address, as long as there is no API key.",
    )
    cors_origins: Origins = Field(
        (),
        description="Web pages of other origins that may use the API, as `https://photos.example`, "
        "separated by commas; none when left out.",
    )
    url_ttl_s: int = Field(900, ge=1, le=900, description="Life of a signed link, seconds.")

    # --- What is accepted ---
    max_upload_bytes: int = Field(
        40_000_000,
        ge=1,
        description="Largest photo, and largest request body but a batch's, bytes.",
    )
    max_batch_photos: int = Field(500, ge=1, le=1000, description="Most photos of a batch.")
    max_batch_bytes: int = Field(
        2_000_000_000, ge=1, description="Largest request body of a batch, bytes."
    )
    max_pixels: int = Field(40_000_000, ge=1, description="Most pixels (all frames) of an image.")
    min_side_px: int = Field(16, ge=1, description="Shortest side of an image, pixels.")
    max_aspect: float = Field(20.0, ge=1, description="Largest ratio of long to short side.")
    heif: bool | None = Field(
        None,
        description="Accept HEIC and HEIF photos; when left out, if pillow-heif is installed. An "
        "API needs only this setting; a worker with it and without the library does not start.",
    )
    cache_scope: Literal["caller", "service"] = Field(
        "caller",
        description="Who shares rendered pictures: each `caller` alone, or the whole `service` "
        "(then a fast answer tells that somebody else sent the same picture).",
    )
    max_open_jobs_per_caller: int = Field(10_000, ge=1, description="Open jobs per caller.")
    megapixels_per_day: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Megapixels at work size that each caller may have rendered in a day (UTC); no "
        "limit when left out.",
    )
    megapixels_per_day_of_service: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Megapixels at work size that all callers together may have rendered in a day "
        "(UTC); no limit when left out.",
    )
    requests_per_minute: int | None = Field(
        None,
        ge=1,
        description="Requests per caller in a minute; no limit when left out, and none is counted. "
        "Probes, `/metrics` and the local store's pictures are free.",
    )
    max_open_jobs: int = Field(100_000, ge=1, description="Open jobs of the whole service.")
    max_attached_jobs: int = Field(1_000, ge=1, description="Open jobs that share one render.")
    memory_guard: float = Field(
        0.85, gt=0, le=1, description="Share of Redis' maxmemory above which nothing is admitted."
    )

    # --- How long things live ---
    retention_s: int = Field(DAY_S, ge=1, description="Life of pictures after finish, seconds.")
    job_record_s: int = Field(7 * DAY_S, ge=1, description="Life of job records, seconds.")
    deadline_s: int = Field(DAY_S, ge=1, description="Deadline without `Cancel-After`, seconds.")
    dead_letters: int = Field(10_000, ge=1, description="Most entries of the dead-letter list.")
    dead_letter_s: int = Field(7 * DAY_S, ge=1, description="Life of dead letters, seconds.")
    idempotency_s: int = Field(DAY_S, ge=1, description="Life of idempotency keys, seconds.")
    remembered_failure_s: int = Field(
        600, ge=0, description="How long the same submission fails at once, seconds."
    )
    version_unseen_s: int = Field(
        7 * DAY_S, ge=1, description="Style versions unseen this long are forgotten, seconds."
    )

    # --- Leases ---
    lease_s: float = Field(6.0, gt=0, description="Life of a lease without renewal, seconds.")
    renew_every_s: float = Field(1.5, gt=0, description="Pause between renewals, seconds.")
    execution_limit_s: float = Field(
        60.0, gt=0, description="Least execution limit of an attempt, seconds."
    )
    move_after_s: float = Field(
        60.0, gt=0, description="A style version without workers this long is moved on, seconds."
    )

    # --- The worker ---
    device: str = Field("auto", description="`auto`, `cpu`, or CUDA device numbers like `0,1`.")
    max_batch: int | None = Field(
        None, ge=1, le=256, description="Largest batch; measured at start when left out."
    )
    forward_memory_mb: int | None = Field(
        None,
        ge=64,
        description="Memory that one forward may take, MB; photos that need more go in tiles where "
        "their style may be cut. Measured at start when left out.",
    )
    styles: Names = Field(
        (),
        description="Names of the styles that a worker serves, separated by commas; all that it "
        "finds when left out. Each takes memory, and time at start.",
    )
    extra_styles: ModulesAndClasses = Field(
        (), description="More styles, as `module:Class`, separated by commas."
    )
    styles_dir: Path = Field(
        Path("data/styles"),
        description="Directory of style bundles: each folder in it that holds a `model.json` is "
        "one ([styles](styles.md)). It need not exist, and workers only read it.",
    )
    worker_name: str = Field("worker-1", description="Name in logs and of the pid files.")
    worker_threads: int | None = Field(
        None, ge=1, description="CPU threads of the model; all cores when left out."
    )
    decode_processes: int | None = Field(
        None,
        ge=1,
        le=64,
        description="Processes of a worker process that decode photos; one per CPU thread of the "
        "model, at most 16, when left out.",
    )
    decode_cpu_s: int = Field(
        10, ge=1, description="Processor time of one photo's decoding, seconds; over it, it fails."
    )
    decode_memory_mb: int | None = Field(
        None,
        ge=16,
        description="Memory of one photo's decoding, MB; fits `max_pixels` when left out.",
    )
    drain_s: float = Field(
        10.0, ge=0, description="How long a stopping worker finishes what it holds, seconds."
    )
    run_dir: Path | None = Field(None, description="Directory for NAME.pid files.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least level that is logged."
    )

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        """Refuse combinations that cannot work."""
        faults = []
        if self.renew_every_s * 2 > self.lease_s:
            faults.append("renew_every_s must be at most half of lease_s")
        if (
            self.objects == "s3"
            and self.s3_endpoint_url
            and not (self.s3_access_key_id and self.s3_secret_access_key)
        ):
            faults.append("objects=s3 needs s3_access_key_id and s3_secret_access_key")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def effective_broker_url(self) -> str:
        """Address of the broker."""
        return (self.broker_url or self.redis_url).get_secret_value()


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        ConfigurationError: With one line per fault, naming the environment variable.
    """
    try:
        return Settings(**_former_names())
    except ValidationError as error:
        raise ConfigurationError("\n".join(_faults(error))) from None


def _former_names() -> dict[str, Any]:
    """Return settings under names of the previous release; the present name takes precedence."""
    found = {}
    for former, name in FORMER_NAMES.items():
        if former in os.environ and (present := f"{PREFIX}{name.upper()}") not in os.environ:
            _log.warning("%s is called %s now; this release still reads both", former, present)
            found[name] = os.environ[former]
    return found


def _faults(error: ValidationError) -> list[str]:
    """Return one line per fault; those between fields too, even if a single field is wrong."""
    lines = []
    for fault in error.errors():
        name = f"{PREFIX}{str(fault['loc'][0]).upper()}" if fault["loc"] else "settings"
        lines.append(f"{name}: {fault['msg'].removeprefix('Value error, ')}")
    wrong = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}
    if wrong:
        # Fields are compared only once each is valid: check again without the invalid ones.
        defaults = {name: Settings.model_fields[name].default for name in wrong}
        try:
            Settings(**defaults)
        except ValidationError as more:
            lines += _faults(more)
    return lines


def bare_environment() -> dict[str, str]:
    """Return the variables that a Python child needs to start, without settings and secrets.

    The loader's paths matter if Python was not installed by the system.
    """
    names = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in names if name in os.environ}


def environment_with(**values: str) -> dict[str, str]:
    """Return this process's environment with some settings changed, for a child process.

    Args:
        values: Texts by the field's name, e.g. `api_port="8000"`.

    Raises:
        ConfigurationError: There is no such setting.
    """
    unknown = sorted(values.keys() - Settings.model_fields.keys())
    if unknown:
        raise ConfigurationError(f"There are no settings named {', '.join(unknown)}.")
    return {**os.environ, **{f"{PREFIX}{name.upper()}": text for name, text in values.items()}}
