"""Bundles over real HTTP: fetched whole, verified, and refused in every way they can be wrong."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from tests.support.bundles import animegan2_bundle, graph_bundle, inverting_onnx
from worker.__main__ import main
from worker.bundles.bundle import Bundle
from worker.bundles.sources import source_of
from worker.command import styles as styles_command
from worker.command.arguments import make_parser

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers what the test has laid down."""

    pages: dict[str, bytes | Answer]

    def do_GET(self) -> None:
        """Send a page, or do what is laid down for it."""
        page = self.pages.get(self.path)
        if page is None:
            self.send_error(404)
        elif isinstance(page, bytes):
            self.send(page, len(page))
        else:
            page(self)

    def send(self, data: bytes, length: int) -> None:
        """Send data that claims a length."""
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(data)

    def lead_to(self, address: str) -> None:
        """Send a redirect."""
        self.send_response(302)
        self.send_header("Location", address)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Web:
    """A web server with pages."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | Answer] = {}
        handler = type("Pages", (Handler,), {"pages": self.pages})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server.server_port}"

    def publish(self, bundle: Bundle, folder: str = "/paprika") -> str:
        """Serve a bundle; returns the address of its manifest."""
        for path in bundle.folder.iterdir():
            self.pages[f"{folder}/{path.name}"] = path.read_bytes()
        return f"{self.url}{folder}/model.json"


@pytest.fixture
def web() -> Iterator[Web]:
    served = Web()
    yield served
    served.server.shutdown()
    served.server.server_close()


@pytest.fixture
def styles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the command works on."""
    monkeypatch.setenv("CELSHADE_STYLES_DIR", str(tmp_path / "styles"))
    return tmp_path / "styles"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle of AnimeGANv2."""
    return animegan2_bundle(
        tmp_path_factory.mktemp("made") / "paprika",
        license="LicenseRef-AnimeGANv2",
        commercial_use=False,
    )


def test_a_bundle_is_fetched_listed_verified_and_removed(
    web: Web, bundle: Bundle, styles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["styles", "add", web.publish(bundle)]) == 0

    said = capsys.readouterr()
    assert "LicenseRef-AnimeGANv2, NO COMMERCIAL USE" in said.out
    assert "https://example.org/styles" in said.out
    assert "weights.pt  8.6 MB, SHA-256 verified" in said.err
    (file,) = bundle.manifest.files
    assert Bundle.open(styles / "paprika").read(file) == bundle.read(file)

    assert main(["styles", "list"]) == 0
    assert "paprika  Paprika, 1.0 (animegan2)" in capsys.readouterr().out
    assert main(["styles", "verify", "paprika"]) == 0
    assert f"ok      {styles / 'paprika'}" in capsys.readouterr().out
    assert main(["styles", "remove", "paprika"]) == 0
    assert list(styles.iterdir()) == []


def test_verify_names_what_has_changed_and_looks_at_all_others(
    web: Web, bundle: Bundle, styles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["styles", "add", web.publish(bundle)])
    graph_bundle(styles / "negative", inverting_onnx())
    (styles / "paprika" / "weights.pt").write_bytes(b"spoilt")
    capsys.readouterr()

    assert main(["styles", "verify"]) == 1

    said = capsys.readouterr()
    assert f"BROKEN  {styles / 'paprika'}" in said.out
    assert f"ok      {styles / 'negative'}" in said.out
    assert "'weights.pt' has the SHA-256" in said.err


def test_a_redirect_is_followed(web: Web, bundle: Bundle, styles: Path) -> None:
    web.publish(bundle, "/real")
    for name in ("model.json", "weights.pt"):
        web.pages[f"/moved/{name}"] = lambda page, name=name: page.lead_to(f"{web.url}/real/{name}")  # type: ignore[misc]

    assert main(["styles", "add", f"{web.url}/moved/model.json"]) == 0
    Bundle.open(styles / "paprika").verify()


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/model.json"])
def test_a_redirect_out_of_the_web_is_refused(web: Web, place: str) -> None:
    web.pages["/model.json"] = lambda page: page.lead_to(place)

    with pytest.raises(ConfigurationError, match=r"is no http\(s\) address|is not allowed"):
        source_of(f"{web.url}/model.json").manifest()


def broken_off(data: bytes) -> Answer:
    """Ends before it is whole."""
    return lambda page: page.send(data[:1000], len(data))


def other_bytes(data: bytes) -> bytes:
    """One byte is another."""
    return data[:-1] + b"x"


@pytest.mark.parametrize(
    ("spoil", "words"), [(other_bytes, "has the SHA-256"), (broken_off, "broke off")]
)
def test_what_does_not_come_whole_is_never_seen(
    web: Web,
    bundle: Bundle,
    styles: Path,
    spoil: Callable[[bytes], bytes | Answer],
    words: str,
) -> None:
    address = web.publish(bundle)
    web.pages["/paprika/weights.pt"] = spoil((bundle.folder / "weights.pt").read_bytes())

    with pytest.raises(ConfigurationError, match=words):
        styles_command.run(make_parser().parse_args(["styles", "add", address]), styles)

    assert list(styles.iterdir()) == []


def test_a_missing_file_is_said_to_be_missing(
    web: Web, bundle: Bundle, styles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = web.publish(bundle)
    del web.pages["/paprika/weights.pt"]

    assert main(["styles", "add", address]) == 2

    assert f"{web.url}/paprika/weights.pt answered 404" in capsys.readouterr().err
    assert list(styles.iterdir()) == []


def test_weights_of_another_network_are_never_seen(
    web: Web, styles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = animegan2_bundle(tmp_path / "made")
    text = (made.folder / "model.json").read_text().replace('"animegan2"', '"toon_unet"')
    (made.folder / "model.json").write_text(text)

    assert main(["styles", "add", web.publish(made)]) == 2

    assert "holds the weights of another network than ToonUNet" in capsys.readouterr().err
    assert list(styles.iterdir()) == []


def test_a_program_is_not_fetched_but_may_be_placed(
    web: Web, styles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = graph_bundle(tmp_path / "made", inverting_onnx())

    assert main(["styles", "add", web.publish(made)]) == 2
    assert "an opaque graph is a program" in capsys.readouterr().err
    assert not styles.exists()

    assert main(["styles", "add", str(made.folder)]) == 0
    assert (styles / "negative" / "graph.onnx").exists()


def test_nobody_there_is_said_in_a_line(styles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    web = Web()
    web.server.shutdown()
    web.server.server_close()

    assert main(["styles", "add", f"{web.url}/model.json"]) == 2
    assert "cannot be reached" in capsys.readouterr().err
    assert not styles.exists()
