"""The front door: under which names the service answers, and to which pages.

Any web page can make a browser send requests to this machine, and a name that points to 127.0.0.1
makes them look like its own. So a service without keys answers only under loopback names and to no
foreign page. Knows nothing of keys: who is known, `callers.py` says. Pages
of the origins that the settings list are no foreign ones; what they are told, `cors.py` says.
"""

import ipaddress
import re
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urlsplit

from werkzeug.wrappers import Request

from common.errors import Forbidden
from common.settings import Settings

KNOWN_NAMES = 64  # a service has a few names; others are looked at anew
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?")


@lru_cache(maxsize=KNOWN_NAMES)
def is_loopback(name: str) -> bool:
    """Whether a host name or address, without port or brackets, means this machine."""
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def may_be_open(settings: Settings) -> bool:
    """Whether everybody may be let in as long as there is no key.

    Where others than this machine could reach us, never, whatever the job store has or has lost.
    """
    return settings.keys_file is None and (settings.allow_open or is_loopback(settings.api_host))


class OriginGuard:
    """Checks where a request was sent to and from where, and knows the base of every link.

    Args:
        public_url: The base of links; None when they follow the request's loopback Host.
        cors_origins: Other origins whose pages may use the service.
    """

    def __init__(self, public_url: str | None, cors_origins: Collection[str] = ()) -> None:
        self._public_url = public_url
        self._cors_origins = frozenset(cors_origins)

    def check(self, request: Request, *, is_open: bool, is_page: bool = False) -> None:
        """Return when the request may come in.

        Args:
            request: The request.
            is_open: Whether the service has no keys.
            is_page: Whether it is for a page of ours, which holds nothing of anybody's: a link to
                it may stand on any site.

        Raises:
            Forbidden: Its Host is not one of ours, or a foreign page sent it.
        """
        self._check_host(request, is_open=is_open)
        # A page cannot add a key without asking first, and we grant that to listed origins alone.
        if not is_open or request.headers.get("Origin") in self._cors_origins:
            return
        if is_page and _is_visit(request):
            return
        if request.headers.get("Sec-Fetch-Site", "").lower() == "cross-site":
            raise Forbidden("Pages of other sites may not use a service without keys.")
        origin = request.headers.get("Origin")
        if origin is not None and origin.lower() not in self._own_origins(request):
            raise Forbidden("Pages of other origins may not use a service without keys.")

    def base_url(self, request: Request) -> str:
        """The base of every link in the answer to a request that was checked."""
        if self._public_url is not None:
            return self._public_url
        return f"{request.scheme}://{request.headers.get('Host', '')}"

    def _check_host(self, request: Request, *, is_open: bool) -> None:
        if self._public_url is not None and not is_open:
            return
        name = _name_in(request.headers.get("Host", ""))
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


@lru_cache(maxsize=KNOWN_NAMES)
def _name_in(host: str) -> str:
    """The name or address in a Host header, without port and brackets; empty if it is none."""
    found = _HOST.fullmatch(host)
    return found[1].strip("[]") if found else ""


def _is_visit(request: Request) -> bool:
    """Whether somebody follows a link: the answer fills his window, and no page reads it."""
    mode = request.headers.get("Sec-Fetch-Mode", "").lower()
    target = request.headers.get("Sec-Fetch-Dest", "").lower()
    return request.method == "GET" and (mode, target) == ("navigate", "document")
