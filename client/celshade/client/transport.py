"""The HTTP transport of the client: one server, its key, its responses as values or errors.

The API key goes to the server's own origin and nowhere else: it is added to single requests, never
to the connection pool, and redirects are never followed with it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx

from celshade.client.errors import BadAnswer, DownloadFailed, Refused, ServerUnreachable
from celshade.client.multipart import Form
from celshade.client.problems import problem_of
from celshade.client.retry import RetryPolicy, Sleep, read_retry_after_s, repeat
from celshade.client.urls import is_loopback, origin_of, parse_base_url, parse_key

T = TypeVar("T")

CONNECT_TIMEOUT_S = 5.0
MAX_REDIRECTS = 3
USER_AGENT = "celshade-client/0.1"

# Texts for httpx' errors; the first that fits counts.
_REASONS: tuple[tuple[type[httpx.TransportError], str], ...] = (
    (httpx.ConnectTimeout, "connecting took too long"),
    (httpx.TimeoutException, "it did not answer in time"),
    (httpx.ConnectError, "could not connect"),
    (httpx.ProxyError, "the proxy refused"),
    (httpx.UnsupportedProtocol, "its address is neither http nor https"),
    (httpx.TransportError, "the connection broke"),
)


class Transport:
    """Requests to one Celshade server.

    Args:
        base_url: Where the server is, e.g. `http://127.0.0.1:8000`; a path prefix is kept.
        api_key: Sent as bearer token to that origin only; None sends none.
        timeout_s: Longest silence within a request, seconds.
        policy: How requests are repeated.
        sleep: Pauses for some seconds; may raise to stop.
        backend: What httpx sends through; its own network when None.

    Raises:
        UnusableSettings: The address or the key cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        *,
        timeout_s: float,
        policy: RetryPolicy,
        sleep: Sleep,
        backend: httpx.BaseTransport | None = None,
    ) -> None:
        self._base = parse_base_url(base_url)
        self._key = parse_key(api_key)
        self._timeout_s = timeout_s
        self._policy = policy
        self._sleep = sleep
        self._http = httpx.Client(
            transport=backend,
            headers={"User-Agent": USER_AGENT},
            # A proxy of the environment cannot reach this machine's own loopback.
            trust_env=not is_loopback(self._base.host),
        )

    @property
    def origin(self) -> str:
        """Scheme, host and port of the server."""
        return origin_of(self._base)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, *segments: str) -> str:
        """Build an address below the server's own, each segment quoted."""
        path = "/".join(quote(segment, safe="") for segment in segments)
        return f"{str(self._base).rstrip('/')}/{path}"

    def is_own(self, url: str) -> bool:
        """Whether an address lies on the server's own origin."""
        try:
            return origin_of(url) == self.origin
        except httpx.InvalidURL:
            return False

    def call(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Form | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        wait_s: int | None = None,
        repeatable: bool = True,
        retryable_codes: Collection[str] = (),
    ) -> httpx.Response:
        """Send one request until the server answers; return its answer, 2xx or 304, read.

        Args:
            method: HTTP method.
            url: Address on the server's own origin.
            params: Query.
            form: The body, a form.
            body: The body, an object to be sent as JSON.
            headers: Further request headers.
            wait_s: Seconds the server may hold its answer back (`Prefer: wait`).
            repeatable: Whether repeating it does no harm.
            retryable_codes: Codes of problems after which this request is repeated, too.

        Raises:
            PhotoUnreadable: A photo of the form changed while it was sent.
            Refused: The server refused, permanently or for too long.
            ServerUnreachable: No answer came.
            BadAnswer: It redirects.
        """
        all_headers = {**self._authorization(), **(headers or {})}
        if wait_s:
            all_headers["Prefer"] = f"wait={wait_s}"
        if form is not None:
            all_headers["Content-Type"] = form.content_type
            all_headers["Content-Length"] = str(form.size_bytes)
        timeout = httpx.Timeout(
            self._timeout_s + (wait_s or 0), connect=min(self._timeout_s, CONNECT_TIMEOUT_S)
        )

        def send_once() -> httpx.Response:
            with translated_errors(url):
                response = self._http.request(
                    method,
                    url,
                    params=params,
                    content=form,
                    json=body,
                    headers=all_headers,
                    timeout=timeout,
                )
            if response.is_success or response.status_code == HTTPStatus.NOT_MODIFIED:
                return response
            error = problem_of(response)
            error.passes = error.passes or (
                isinstance(error, Refused) and error.code in retryable_codes
            )
            raise error

        return self.repeat(send_once) if repeatable else send_once()

    def repeat(self, action: Callable[[], T], policy: RetryPolicy | None = None) -> T:
        """Do something by this server's policy, or by the one given."""
        return repeat(action, policy or self._policy, self._sleep)

    @contextmanager
    def stream(self, url: str) -> Iterator[httpx.Response]:
        """Open a picture once, through at most three redirects, its body not yet read.

        The key goes with the first request alone, and only on the server's own origin.

        Raises:
            Refused: The server said no.
            DownloadFailed: The storage that the server sent us to said no.
            ServerUnreachable: One of them did not answer, or fell silent.
            BadAnswer: The redirects do not end.
        """
        headers = self._authorization() if self.is_own(url) else {}
        for hop in range(1 + MAX_REDIRECTS):
            with (
                translated_errors(url),
                self._http.stream("GET", url, headers=headers, timeout=self._timeout_s) as response,
            ):
                if response.is_success:
                    yield response
                    return
                response.read()
                if not response.has_redirect_location:
                    raise problem_of(response) if hop == 0 else _storage_refusal(response)
                url, headers = str(response.url.join(response.headers["Location"])), {}
        raise BadAnswer(f"The link to the picture redirects more than {MAX_REDIRECTS} times.")

    def _authorization(self) -> dict[str, str]:
        return {} if self._key is None else {"Authorization": f"Bearer {self._key}"}


def read_json(response: httpx.Response) -> object:
    """Read an answer's JSON.

    Raises:
        BadAnswer: It is not JSON.
    """
    try:
        value: object = response.json()
    except ValueError as error:
        raise BadAnswer(
            f"What answers at {origin_of(response.url)} is not a Celshade server."
        ) from error
    return value


def retry_after_s_of(response: httpx.Response) -> float | None:
    """Seconds that the server wants before it is asked again, if it says so."""
    return read_retry_after_s(response.headers.get("Retry-After"))


def is_held(response: httpx.Response) -> bool:
    """Whether the server held its answer back, as `Prefer: wait` had asked."""
    return "wait" in response.headers.get("Preference-Applied", "")


def _storage_refusal(response: httpx.Response) -> DownloadFailed:
    return DownloadFailed(
        f"The storage at {origin_of(response.url)} did not hand out the picture "
        f"({response.status_code} {response.reason_phrase})."
    )


@contextmanager
def translated_errors(url: str) -> Iterator[None]:
    """Turn httpx' errors into ours."""
    try:
        yield
    except httpx.TransportError as error:
        reason = next(text for kind, text in _REASONS if isinstance(error, kind))
        raise ServerUnreachable(origin_of(url), reason) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BadAnswer(f"The answer of {url} cannot be read: {error}.") from error
