"""The origin guard: which host names the service answers to, and which pages may use it.

Any web page can make a browser send requests to this machine, and a name that resolves to 127.0.0.1
makes them look same-origin (DNS rebinding). So a service without keys answers only to loopback
names, and to no foreign page. Pages of the origins in the settings are not foreign; `cors.py` sends
their headers. Keys are the business of `authenticator.py`.
"""

import ipaddress
import re
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urlsplit

from werkzeug.wrappers import Request

from common.errors import Forbidden
from common.settings import Settings

CACHED_NAMES = 64  # a service has few names; others are parsed again
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?")


@lru_cache(maxsize=CACHED_NAMES)
def is_loopback(name: str) -> bool:
    """Whether a host name or address, without port or brackets, is this machine."""
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def may_be_open(settings: Settings) -> bool:
    """Whether everybody may be admitted as long as there is no key.

    Never where other machines can reach the service, whatever the job store contains or has lost.
    """
    return settings.keys_file is None and (settings.allow_open or is_loopback(settings.api_host))


class OriginGuard:
    """Checks the host and the origin of a request, and knows the base of every link.

    Args:
        public_url: The base of links; None when they follow the request's loopback Host.
        cors_origins: Other origins whose pages may use the service.
    """

    def __init__(self, public_url: str | None, cors_origins: Collection[str] = ()) -> None:
        self._public_url = public_url
        self._cors_origins = frozenset(cors_origins)

    def check(self, request: Request, *, is_open: bool, is_page: bool = False) -> None:
        """Return if the request is allowed.

        Args:
            request: The request.
            is_open: Whether the service has no keys.
            is_page: Whether it is for one of our pages. They contain nobody's data, so any site may
                link to them.

        Raises:
            Forbidden: Its Host is not one of ours, or a foreign page sent it.
        """
        self._check_host(request, is_open=is_open)
        # A page cannot add a key without a preflight, which only listed origins pass.
        if not is_open or request.headers.get("Origin") in self._cors_origins:
            return
        if is_page and _is_navigation(request):
            return
        if request.headers.get("Sec-Fetch-Site", "").lower() == "cross-site":
            raise Forbidden("Pages of other sites may not use a service without keys.")
        origin = request.headers.get("Origin")
        if origin is not None and origin.lower() not in self._own_origins(request):
            raise Forbidden("Pages of other origins may not use a service without keys.")

    def base_url(self, request: Request) -> str:
        """Return the base of every link in the response to a checked request."""
        if self._public_url is not None:
            return self._public_url
        return f"{request.scheme}://{request.headers.get('Host', '')}"

    def _check_host(self, request: Request, *, is_open: bool) -> None:
        if self._public_url is not None and not is_open:
            return
        name = _host_name(request.headers.get("Host", ""))
        if is_loopback(name):
            return
        if self._public_url is not None and name.lower() == urlsplit(self._public_url).hostname:
            return
        raise Forbidden(
            "This service answers only under a loopback name such as 127.0.0.1; "
            "CELSHADE_PUBLIC_URL gives it another."
        )

    def _own_origins(self, request: Request) -> set[str]:
        own = {f"{request.scheme}://{request.headers.get('Host', '')}".lower()}
        if self._public_url is not None:
            parts = urlsplit(self._public_url)
            own.add(f"{parts.scheme}://{parts.netloc}".lower())
        return own


@lru_cache(maxsize=CACHED_NAMES)
def _host_name(host: str) -> str:
    """Return the host of a Host header, without port and brackets; empty if it is invalid."""
    found = _HOST.fullmatch(host)
    return found[1].strip("[]") if found else ""


def _is_navigation(request: Request) -> bool:
    """Whether a user follows a link: no page can read the response."""
    mode = request.headers.get("Sec-Fetch-Mode", "").lower()
    target = request.headers.get("Sec-Fetch-Dest", "").lower()
    return request.method == "GET" and (mode, target) == ("navigate", "document")
