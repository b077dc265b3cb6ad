"""Objects in an S3-compatible storage: the only module that knows boto3.

Signatures are version 4 and paths contain the bucket, which every such storage supports. The time
of each call is bounded, retries included. No error of boto3 leaves this module.
"""

import io
import random
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from common.errors import ObjectMissing, ObjectsKept, StorageUnavailable
from common.objects.names import content_disposition, require_name
from common.objects.timed_reader import TimedReader

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

Result = TypeVar("Result")

DELETE_BATCH = 1000  # the most names that S3 takes in one DeleteObjects
# Of a call's time, 0.9 is for its attempts, 0.4 of that for connecting; the rest is for the pauses
# between them and for our own work.
ATTEMPTS_SHARE, CONNECT_SHARE = 0.9, 0.4
FIRST_PAUSE_S = 0.1  # doubled each time, and drawn from 0 to that: "full jitter"
# A read blocks until it has all bytes, and each byte renews the socket's timeout: small reads
# notice the deadline even at 10 KB/s.
CHUNK_BYTES = 8 * 1024
UPLOAD_CHUNK_BYTES = 64 * 1024
HTTP_NOT_FOUND, HTTP_REQUEST_TIMEOUT, HTTP_TOO_MANY, HTTP_SERVER_ERRORS = 404, 408, 429, 500
# Another process was faster; storages with one account answer the second.
BUCKET_STANDS = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")


class S3Store:
    """`ObjectStore` on S3; see `common.objects.base` for its verbs.

    Args:
        bucket: Bucket of all objects.
        region: Region used in signatures.
        endpoint_url: Where the service reaches the storage; AWS' own when None.
        public_endpoint_url: Where readers reach it: the host is part of a link's signature.
            `endpoint_url` when None.
        access_key_id: Access key; from AWS' usual sources when None.
        secret_access_key: Secret key.
        timeout_s: Longest time of one call with all its attempts, seconds. `delete` and
            `list_names` make one call for each 1,000 names.
        attempts: Most attempts of one call.
        connections: Most connections kept open; as many as there are threads.
    """

    def __init__(
        self,
        *,
        bucket: str,
        region: str,
        endpoint_url: str | None,
        public_endpoint_url: str | None,
        access_key_id: str | None,
        secret_access_key: str | None,
        timeout_s: float,
        attempts: int,
        connections: int = 10,
    ) -> None:
        self._bucket = bucket
        self._region = region
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._attempt_s = timeout_s * ATTEMPTS_SHARE / attempts
        config = Config(
            signature_version="s3v4",  # else links to a custom endpoint are signed by v2
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",  # not every storage supports the new ones
            response_checksum_validation="when_required",
            connect_timeout=self._attempt_s * CONNECT_SHARE,
            read_timeout=self._attempt_s * (1 - CONNECT_SHARE),
            retries={"total_max_attempts": 1},  # `_call` retries, within one deadline
            max_pool_connections=connections,
        )
        # A session of its own: boto3's default one is not thread-safe.
        session = boto3.session.Session(
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            region_name=region,
        )

        def client(url: str | None) -> "S3Client":
            with_url: S3Client = session.client("s3", endpoint_url=url, config=config)
            return with_url

        self._client = client(endpoint_url)
        public = public_endpoint_url or endpoint_url
        self._public_client = self._client if public == endpoint_url else client(public)

    def ensure_bucket(self) -> None:
        """Make the bucket unless it exists; several processes may do so at once."""
        try:
            self._call(lambda _: self._client.head_bucket(Bucket=self._bucket))
        except ObjectMissing:
            self._call(lambda _: self._create_bucket())

    def put(self, name: str, source: BinaryIO | bytes, *, content_type: str) -> None:
        """Store an object whole, or not at all."""
        require_name(name)
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        start = file.tell()

        def attempt(deadline: float) -> None:
            file.seek(start)
            with io.BufferedReader(TimedReader(file, deadline), UPLOAD_CHUNK_BYTES) as body:
                self._client.put_object(
                    Bucket=self._bucket, Key=name, Body=body, ContentType=content_type
                )

        self._call_in_bucket(attempt)

    def get(self, name: str) -> bytes:
        """Return an object's bytes."""
        require_name(name)

        def attempt(deadline: float) -> bytes:
            answer = self._client.get_object(Bucket=self._bucket, Key=name)
            whole = bytearray()
            with answer["Body"] as body:
                while chunk := body.read(CHUNK_BYTES):
                    whole += chunk
                    if time.monotonic() > deadline:
                        raise TimeoutError("the storage gives the object too slowly")
            return bytes(whole)

        return self._call(attempt)

    def exists(self, name: str) -> bool:
        """Return whether there is such an object."""
        require_name(name)
        try:
            self._call(lambda _: self._client.head_object(Bucket=self._bucket, Key=name))
        except ObjectMissing:
            self.probe()  # the answer is the same when the whole bucket is gone
            return False
        return True

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; missing ones are no error."""
        rest, kept = iter(names), dict[str, str]()
        while batch := list(islice(rest, DELETE_BATCH)):
            checked = [require_name(name) for name in batch]
            kept |= self._call_in_bucket(partial(self._delete, checked))
        if kept:
            raise ObjectsKept(kept, next(iter(kept.values())))

    def presign(
        self, name: str, *, expires_in_s: int, content_type: str, download_name: str
    ) -> str:
        """Make a link on the public endpoint; its signature covers type and file name."""
        params = {
            "Bucket": self._bucket,
            "Key": require_name(name),
            "ResponseContentType": content_type,
            "ResponseContentDisposition": content_disposition(download_name),
        }
        return self._call(
            lambda _: self._public_client.generate_presigned_url(
                "get_object", Params=params, ExpiresIn=expires_in_s, HttpMethod="GET"
            )
        )

    def list_names(self) -> Iterator[str]:
        """Yield the name of every object, in no order."""
        token = ""
        while True:
            page = self._call_in_bucket(partial(self._list_page, token))
            yield from (entry["Key"] for entry in page.get("Contents", ()))
            if not page["IsTruncated"]:
                return
            token = page["NextContinuationToken"]

    def probe(self) -> None:
        """Return if the bucket exists and accepts our keys."""
        self._call_in_bucket(lambda _: self._client.head_bucket(Bucket=self._bucket))

    def _create_bucket(self) -> None:
        """Make the bucket, unless another process has."""
        try:
            if self._region == "us-east-1":  # this one region must not be named
                self._client.create_bucket(Bucket=self._bucket)
            else:
                self._client.create_bucket(
                    Bucket=self._bucket,
                    CreateBucketConfiguration={"LocationConstraint": self._region},  # type: ignore[typeddict-item] # a setting, not a literal
                )
        except ClientError as error:
            if error.response["Error"]["Code"] not in BUCKET_STANDS:
                raise

    def _list_page(self, token: str, _deadline: float) -> "ListObjectsV2OutputTypeDef":
        """Return the names that follow a continuation token; the first ones when it is empty."""
        if token:
            return self._client.list_objects_v2(Bucket=self._bucket, ContinuationToken=token)
        return self._client.list_objects_v2(Bucket=self._bucket)

    def _delete(self, names: list[str], _deadline: float) -> dict[str, str]:
        """Delete one batch; return what was not deleted, with the storage's reasons."""
        answer = self._client.delete_objects(
            Bucket=self._bucket,
            Delete={"Objects": [{"Key": name} for name in names], "Quiet": True},
        )
        left = [one for one in answer.get("Errors", ()) if one.get("Code") != "NoSuchKey"]
        if not all("Key" in one for one in left):
            raise StorageUnavailable("The storage did not delete objects and does not say which.")
        return {one["Key"]: one.get("Code", "no reason given") for one in left}

    def _call_in_bucket(self, attempt: Callable[[float], Result]) -> Result:
        """Make a call for which 'not found' can only mean a missing bucket."""
        try:
            return self._call(attempt)
        except ObjectMissing as error:
            raise StorageUnavailable(f"There is no bucket '{self._bucket}'.") from error

    def _call(self, attempt: Callable[[float], Result]) -> Result:
        """Make a call; repeat it while that may help and time is left.

        Args:
            attempt: Makes one attempt; gets the deadline, a reading of `time.monotonic()`.

        Raises:
            ObjectMissing: The storage answered that there is no such object.
            StorageUnavailable: The call failed otherwise.
        """
        deadline = time.monotonic() + self._timeout_s
        for count in range(1, self._attempts + 1):
            try:
                return attempt(deadline)
            except ClientError as error:
                if _is_missing(error):
                    raise ObjectMissing from error
                failure: Exception = error
            except (BotoCoreError, OSError) as error:
                failure = error
            pause_s = random.uniform(0, FIRST_PAUSE_S * 2**count)  # noqa: S311 - spreads load only
            too_late = time.monotonic() + pause_s + self._attempt_s > deadline
            if count == self._attempts or too_late or not _may_pass(failure):
                raise StorageUnavailable from failure
            time.sleep(pause_s)
        raise StorageUnavailable  # attempts < 1 leaves nothing to try


def _is_missing(error: ClientError) -> bool:
    """Return whether the object is missing, or (for calls on a bucket) the bucket."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status == HTTP_NOT_FOUND and error.response["Error"]["Code"] != "NoSuchBucket"


def _may_pass(failure: Exception) -> bool:
    """Return whether another attempt may succeed: not if the storage refused the request."""
    if not isinstance(failure, ClientError):
        return True
    status = failure.response["ResponseMetadata"]["HTTPStatusCode"]
    return status >= HTTP_SERVER_ERRORS or status in (HTTP_REQUEST_TIMEOUT, HTTP_TOO_MANY)
