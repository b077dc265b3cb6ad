"""Error advice: the cause of each stable code and what to do, for `docs/errors.md`. Pure."""

from typing import NamedTuple


class Advice(NamedTuple):
    """A code's cause and what to do, in Markdown."""

    cause: str
    what_to_do: str


# Codes of answers, by status.
ANSWERS: dict[str, Advice] = {
    "malformed_request": Advice(
        "The request's shape is wrong: no photo or two, a parameter twice, a form or JSON that "
        "cannot be read, parameters after a batch's first photo.",
        "compare it with [the API guide](api.md) or a [recipe](recipes.md). With curl, `-F "
        "image=@photo.jpg` sends a file; `-F image=photo.jpg`, without `@`, sends its name.",
    ),
    "unauthorized": Advice(
        "The service has keys, and the request shows none that it knows: missing, mistyped or "
        "revoked.",
        "send `Authorization: Bearer KEY`. `celshade doctor` says whether a key is taken.",
    ),
    "forbidden": Advice(
        "You are known, and may not do this: the key lacks the scope; a service without keys was "
        "reached under a name that is not loopback, or by a page of another site; a signed link "
        "has expired or was changed.",
        "use a key of the right scope (`admin` for `/metrics` and `/v1/admin`); reach a service "
        "without keys as `127.0.0.1`; get new signed links, from `/result` or the archive.",
    ),
    "not_found": Advice(
        "There is no such job, batch, image or address, or it belongs to another caller: the two "
        "look alike on purpose. Records of jobs are deleted after 7 days.",
        "check the id, and that it is the same caller's key that made it.",
    ),
    "method_not_allowed": Advice(
        "The address is right, the method is not.",
        "use one that the header `Allow` names.",
    ),
    "request_timeout": Advice(
        "The body came too slowly: under 16 KiB/s over 15 s, or for more than 10 minutes.",
        "send it again, over a faster connection, or make the photo smaller: no more than `size` "
        "pixels of it are used.",
    ),
    "not_ready": Advice(
        "A result was asked for before its job has ended. Of `POST /v1/batches`: the first upload "
        "under this `Idempotency-Key` is still being received.",
        "poll the job as `Retry-After` says, or send `Prefer: wait=60`; send the batch again "
        "after the pause.",
    ),
    "job_failed": Advice(
        "A result was asked for of a job that ended without one.",
        "look at the job: its `status` and `error` say why ([failed jobs](#failed-jobs)).",
    ),
    "not_retryable": Advice(
        "Only failed, canceled and expired jobs have a next run, and only while the service still "
        "has their photo (a day) and their style. A delivery of a webhook that is on its way is "
        "not sent again either.",
        "submit the photo again.",
    ),
    "batch_closed": Advice(
        "The batch was canceled while its photos were still being received.",
        "send it again if you want it after all.",
    ),
    "result_expired": Advice(
        "The picture was kept for its time (a day, `retention_seconds` in `/v1/limits`) and is "
        "gone, or it has vanished from the storage.",
        "submit the photo again; download pictures that you want to keep.",
    ),
    "upload_too_large": Advice(
        "The photo, the batch or the JSON is over the limit, in bytes or in number of photos.",
        "ask `/v1/limits` before you upload. `celshade batch` divides a folder by itself.",
    ),
    "uri_too_long": Advice(
        "The address with its query is longer than the server reads.",
        "send the parameters as form fields.",
    ),
    "unsupported_media_type": Advice(
        "The bytes are no image of an accepted format. The content decides, not the name or "
        "the `Content-Type`: a HEIC photo called `.jpg` is one.",
        "convert it; `content_types` in `/v1/limits` lists the formats. HEIC needs a library "
        "that the operator installs ([operations](operations.md#formats-of-photos)).",
    ),
    "range_not_satisfiable": Advice(
        "A download asked for a range beyond the end.",
        "ask without `Range`, or for a smaller one.",
    ),
    "invalid_image": Advice(
        "It begins like an image, but its header cannot be read: cut off, or damaged.",
        "open it in a viewer; save it again, or send the original.",
    ),
    "too_many_pixels": Advice(
        "The header announces more pixels than are decoded (40 megapixels, `max_pixels` in "
        "`/v1/limits`).",
        "scale it down: the picture has at most 2048 pixels on its long side.",
    ),
    "image_too_small": Advice(
        "A side is under 16 pixels, or one is more than 20 times the other.",
        "crop or enlarge it before you send it.",
    ),
    "unknown_style": Advice(
        "No worker has offered a style of this name recently.",
        "`GET /v1/styles` lists them; leave `style` out for the default.",
    ),
    "invalid_param": Advice(
        "A parameter or header is out of its range, of the wrong kind, or not known at all. "
        "Unknown ones are refused so that typing errors are noticed.",
        "`errors` names each field at fault.",
    ),
    "idempotency_key_reuse": Advice(
        "This `Idempotency-Key` was used with another photo, style, parameter or deadline.",
        "use a new key for each new request, and the same one only to repeat a request.",
    ),
    "queue_full_for_key": Advice(
        "Your own open jobs are as many as you may have (`max_open_jobs` in `/v1/limits`).",
        "wait for some to end, or cancel some; then send it again. Hits are served all the same.",
    ),
    "quota_exceeded": Advice(
        "Your megapixels of the day are used up; `GET /v1/usage` shows them.",
        "wait until midnight UTC (`Retry-After` says how long that is), or ask for more. Hits are "
        "served all the same.",
    ),
    "rate_limited": Advice(
        "You sent more requests this minute than you may; the header `RateLimit` says what is "
        "left.",
        "wait for `Retry-After`. `Prefer: wait` and batches need fewer requests than polling does.",
    ),
    "headers_too_large": Advice(
        "There are too many headers, or one is too long. Cookies of other services on the same "
        "host are the usual cause.",
        "send fewer: the API needs no cookies.",
    ),
    "queue_full": Advice(
        "The service as a whole is full: too many open jobs or uploads, little memory left in "
        "Redis, or the day's megapixels of all callers are used up.",
        "wait for `Retry-After`. Operators: [limits](operations.md#limits) and [what to "
        "watch](operations.md#what-to-watch).",
    ),
    "storage_unavailable": Advice(
        "The picture storage does not answer, refuses the service's keys, or is full.",
        "wait for `Retry-After`. Operators: `/readyz` and the log name the cause.",
    ),
    "store_unavailable": Advice(
        "The job store (Redis) does not answer, or refuses to write: down, full, or read-only.",
        "wait for `Retry-After`. Nothing that was accepted is lost. Operators: `/readyz` and the "
        "log name the cause.",
    ),
    "no_workers": Advice(
        "No worker has ever offered a style, so the service knows none.",
        "operators: start one (`python -m worker`). After that, jobs wait while there is none.",
    ),
    "not_cached": Advice(
        "The request said `only-if-cached`, and there is no such picture.",
        "send it without, to have it rendered.",
    ),
    "internal": Advice(
        "An unexpected fault of the service.",
        "try once more; if it happens again, send the `request_id` to the operators.",
    ),
}

# Causes of failed jobs.
JOBS: dict[str, Advice] = {
    "decode_failed": Advice(
        "The header was fine, the pixels are not: the file was cut off or damaged in transit.",
        "send the original again. A retry of the same bytes fails the same.",
    ),
    "out_of_memory": Advice(
        "The picture does not fit the device, even alone and in tiles.",
        "ask for a smaller `size`. Operators: see [the engine](engine.md).",
    ),
    "execution_timeout": Advice(
        "Three attempts ran past their limit and were stopped. The same submission fails at once "
        "for 10 minutes, unless it says `no-cache`.",
        "retry it later, or with a smaller `size`. Operators: it is a [dead "
        "letter](operations.md#dead-letters); look at that worker.",
    ),
    "worker_lost": Advice(
        "Three workers died or froze while they rendered it, the last ones with no other "
        "picture. The same submission fails at once for 10 minutes, unless it says `no-cache`.",
        "retry it later; if it happens again, the photo itself kills workers. Operators: it is a "
        "[dead letter](operations.md#dead-letters).",
    ),
    "storage_error": Advice(
        "Workers could not read the photo or store the picture, three times.",
        "retry it once the storage works. Operators: it is a [dead "
        "letter](operations.md#dead-letters).",
    ),
    "internal": Advice(
        "A style, or the worker, failed in an unexpected way, three times.",
        "retry it; operators find the cause in the workers' logs by the render key.",
    ),
}

# Why a picture is missing in an archive, or a batch has failed, besides the codes above.
GAPS: dict[str, str] = {
    "not_ready": "the job is still open: ask for the archive again when it has ended",
    "canceled": "the job was canceled",
    "expired": "the job's deadline passed",
    "result_expired": "the picture was kept for its time",
    "result_missing": "the picture has vanished from the storage: submit the photo again",
    "not_found": "there is no such job of yours",
    "upload_incomplete": (
        "of a batch as a whole: its upload broke off, so it was canceled; send it again"
    ),
}
