"""Targets: one strict reading; what could be read in two ways is refused."""

import pytest

from common.errors import BadTarget
from common.outbound.target import MAX_URL_BYTES, Target

HOSTILE = (
    # Schemes.
    *("", "example.com", "//example.com", "ftp://example.com/", "file:///etc/passwd"),
    *(
        "gopher://127.0.0.1:6379/_",
        "javascript:alert(1)",
        "data:,x",
        "unix:/run/x",
        "http:example.com",
    ),
    # Credentials, fragments, empty parts.
    *("http://user@example.com/", "http://user:pw@example.com/", "http://example.com@127.0.0.1/"),
    *(
        "http://127.0.0.1:80@example.com/",
        "http://example.com/#a",
        "http://example.com#@127.0.0.1/",
    ),
    *("http://", "http:///path", "http://:80/", "http://.example.com/", "http://exa..mple.com/"),
    # Whitespace, control characters, backslashes, what is not ASCII.
    *(" http://example.com/", "http://example.com/ ", "http://exa mple.com/", "http://e\tx.com/"),
    *("http://example.com/\r\nHost: 127.0.0.1", "http://example.com\n/", "http://ex\x00.com/"),
    *("http:\\\\127.0.0.1\\", "http://example.com\\@127.0.0.1/", "http://example.com/a\\b"),
    *("http://ex\u00e4mple.com/", "http://\u2460\u2461\u2466.0.0.1/", "http://127\u30020.0.1/"),
    *(
        "http://loc\u00adalhost/",
        "http://%6c%6f%63%61%6c%68%6f%73%74/",
        "http://127.0.0.1%2f@x.com/",
    ),
    # Addresses in odd forms, trailing dots, zones.
    *(
        "http://127.1/",
        "http://127.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
    ),
    *("http://0177.0.0.1/", "http://017700000001/", "http://127.0.0.01/", "http://127.0.0.1./"),
    *(
        "http://localhost./",
        "http://example.com./",
        "http://0x/",
        "http://a.0x7f/",
        "http://1.2.3/",
    ),
    *("http://1.2.3.4.5/", "http://256.1.1.1/", "http://example.1/", "http://0/", "http://[::1/"),
    *("http://[::1%25lo]/", "http://[fe80::1%eth0]/", "http://[127.0.0.1]/", "http://[v1.x]/"),
    *("http://::1/", "http://[]/", "http://[::1]x/", "http://x[::1]/"),
    # Ports.
    *(
        "http://example.com:/",
        "http://example.com:0/",
        "http://example.com:22/",
        "http://e.com:6379/",
    ),
    *("http://example.com:65616/", "http://example.com:080/", "http://example.com:8o/"),
    *("http://example.com:-80/", "http://example.com:80:80/", "https://example.com:99999999999/"),
    # Names that are none.
    *("http://-a.com/", "http://a-.com/", "http://a_/", "http://" + "a" * 64 + ".com/"),
    "http://" + "a." * 127 + "com/",
    "http://example.com/" + "a" * MAX_URL_BYTES,
)


def is_refused(url: str) -> bool:
    """Whether an address is refused, with a word on what to do."""
    try:
        Target.parse(url)
    except BadTarget as error:
        return str(error).startswith("Send an address")
    return False


def test_what_has_two_readings_is_refused() -> None:
    assert [url for url in HOSTILE if not is_refused(url)] == []


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://example.com", "example.com", 80, "/"),
        ("https://Example.COM/Hook?a=1&b=%2F", "example.com", 443, "/Hook?a=1&b=%2F"),
        ("HTTPS://example.com:443/", "example.com", 443, "/"),
        ("http://example.com:443?x", "example.com", 443, "/?x"),
        ("http://xn--bcher-kva.example/~me/", "xn--bcher-kva.example", 80, "/~me/"),
        ("http://a_b.example/", "a_b.example", 80, "/"),
        ("http://8.8.8.8/", "8.8.8.8", 80, "/"),
        ("http://[2606:4700:0::1111]/", "2606:4700::1111", 80, "/"),
        ("http://localhost/", "localhost", 80, "/"),  # a name like any other until it is called
    ],
)
def test_the_usual_forms_are_taken_apart(url: str, host: str, port: int, path: str) -> None:
    target = Target.parse(url)
    assert (target.url, target.host, target.port, target.path) == (url, host, port, path)


def test_the_operator_may_allow_more_ports() -> None:
    assert Target.parse("http://example.com:8080/", ports={8080}).port == 8080
    with pytest.raises(BadTarget, match="80, 443, 8080"):
        Target.parse("http://example.com:8081/", ports={8080})


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("http://example.com/", "example.com"),
        ("https://example.com:80/", "example.com:80"),
        ("http://[2606:4700::1]/", "[2606:4700::1]"),
        ("http://[2606:4700::1]:443/", "[2606:4700::1]:443"),
    ],
)
def test_the_host_header_names_what_is_called(url: str, header: str) -> None:
    assert Target.parse(url).host_header == header


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b", "http://example.com/b"),
        ("b?c", "http://example.com/d/b?c"),
        ("//other.example/x", "http://other.example/x"),
        ("https://other.example/", "https://other.example/"),
    ],
)
def test_a_redirect_is_read_from_where_it_came(location: str, url: str) -> None:
    assert Target.parse("http://example.com/d/a").follow(location).url == url


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://127.1/", "//u@x/", "http://x:22/"]
)
def test_a_redirect_is_read_as_strictly(location: str) -> None:
    with pytest.raises(BadTarget):
        Target.parse("http://example.com/").follow(location)
