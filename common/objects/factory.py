"""Opens the object store that the settings name; nothing else knows which one it is."""

from typing import TYPE_CHECKING

from common.objects.base import ObjectStore
from common.objects.local import LocalStore
from common.objects.signed_links import LinkSigner, load_signing_key
from common.settings import Settings

if TYPE_CHECKING:
    from common.objects.s3 import S3Store

OBJECTS = "objects"
SIGNING_KEY = "signing.key"


def open_store(
    settings: Settings, *, timeout_s: float, attempts: int, connections: int = 10
) -> ObjectStore:
    """Return the store that the settings name; nothing is sent to S3 yet.

    Args:
        settings: The process's settings.
        timeout_s: Longest time of one call to S3, seconds, all attempts together.
        attempts: Most attempts of one call to S3.
        connections: Most connections kept open to S3; as many as there are threads.

    Raises:
        StorageUnavailable: The local directory cannot be made or written.
    """
    if settings.objects == "local":
        return open_local_store(settings)
    return open_s3_store(settings, timeout_s=timeout_s, attempts=attempts, connections=connections)


def make_bucket(settings: Settings, *, timeout_s: float) -> None:
    """Make the bucket unless it exists; does nothing for the local store. For a process's start.

    Args:
        settings: The process's settings.
        timeout_s: Longest time of one call to S3, seconds; at most two are made.

    Raises:
        StorageUnavailable: The storage does not answer or refuses access.
    """
    if settings.objects == "s3":
        open_s3_store(settings, timeout_s=timeout_s, attempts=1, connections=1).ensure_bucket()


def open_local_store(settings: Settings) -> LocalStore:
    """Return the store in the data directory; its signing key is made at the first start.

    Raises:
        StorageUnavailable: The directory cannot be made or written.
    """
    signer = LinkSigner(load_signing_key(settings.data_dir / SIGNING_KEY))
    return LocalStore(settings.data_dir / OBJECTS, signer=signer)


def open_s3_store(
    settings: Settings, *, timeout_s: float, attempts: int, connections: int = 10
) -> "S3Store":
    """Return the store in the bucket; arguments as for `open_store`."""
    # Imported here: boto3 costs start-up time and memory, which the local store does not need.
    from common.objects.s3 import S3Store  # noqa: PLC0415 - see above

    secret = settings.s3_secret_access_key
    return S3Store(
        bucket=settings.s3_bucket,
        region=settings.s3_region,
        endpoint_url=settings.s3_endpoint_url,
        public_endpoint_url=settings.s3_public_endpoint_url,
        access_key_id=settings.s3_access_key_id,
        secret_access_key=secret.get_secret_value() if secret else None,
        timeout_s=timeout_s,
        attempts=attempts,
        connections=connections,
    )
