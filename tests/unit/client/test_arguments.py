"""What the command line means."""

from pathlib import Path

import pytest

from celshade.command.arguments import build_parser


def test_what_is_left_out_is_left_to_the_server() -> None:
    options = build_parser({}, "1").parse_args(["render", "a.jpg"])
    left_out = (options.style, options.strength, options.size, options.format, options.quality)
    assert left_out == (None,) * 5
    assert (options.photos, options.out) == ([Path("a.jpg")], Path())
    assert (options.url, options.api_key) == ("http://127.0.0.1:8000", None)


def test_everything_can_be_said() -> None:
    line = "render a.jpg b.png -o out --style ink --strength 0.5 --size 512 --format jpg"
    line += " --quality 80 --priority high --no-cache --url http://h:1 --api-key K"
    options = build_parser({}, "1").parse_args(line.split())
    assert options.photos == [Path("a.jpg"), Path("b.png")]
    assert (options.strength, options.size, options.format) == (0.5, 512, "jpeg")
    assert (options.quality, options.priority, options.no_cache) == (80, "high", True)
    assert (options.url, options.api_key) == ("http://h:1", "K")


def test_the_environment_names_server_and_key_unless_the_line_does() -> None:
    parser = build_parser({"CELSHADE_URL": "http://env", "CELSHADE_API_KEY": "E"}, "1")
    assert parser.parse_args(["styles"]).url == "http://env"
    assert parser.parse_args(["jobs"]).api_key == "E"
    assert parser.parse_args(["styles", "--url", "http://line"]).url == "http://line"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "paint a.jpg",
        "render",
        "render a.jpg --strength 2",
        "render a.jpg --strength nan",
        "render a.jpg --size big",
        "render a.jpg --quality 0",
        "render a.jpg --format bmp",
        "render a.jpg --priority urgent",
        "render a.jpg --parallel 0",
        "batch photos",
        "batch photos --zip a.zip -o out",
        "batch --zip photos",
        "watch photos",
        "watch photos -o out --settle soon",
        "watch photos -o out --settle -1",
        "jobs show",
        "jobs cancel",
        "jobs paint 1",
    ],
)
def test_wrong_usage_is_two_lines_and_exit_2(
    wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        build_parser({}, "1").parse_args(wrong.split())
    assert exit_.value.code == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("celshade: ")
    assert complaint.count("\n") == 2


def test_the_help_shows_no_key(capsys: pytest.CaptureFixture[str]) -> None:
    parser = build_parser({"CELSHADE_API_KEY": "very-secret"}, "1")
    with pytest.raises(SystemExit):
        parser.parse_args(["render", "--help"])
    assert "very-secret" not in capsys.readouterr().out


def test_a_zip_is_named_or_not() -> None:
    parser = build_parser({}, "1")
    assert parser.parse_args(["batch", "in", "--zip"]).zip == Path()
    assert parser.parse_args(["batch", "in", "--zip", "a.zip"]).zip == Path("a.zip")
    assert parser.parse_args(["batch", "in", "-o", "out"]).zip is None


@pytest.mark.parametrize(
    "line",
    ["jobs --url http://x --json cancel 1 2", "jobs cancel --url http://x 1 2 --json"],
)
def test_options_may_stand_before_and_behind_a_verb(line: str) -> None:
    options = build_parser({"CELSHADE_URL": "http://env"}, "1").parse_args(line.split())
    assert (options.verb, options.jobs) == ("cancel", ["1", "2"])
    assert (options.url, options.json, options.api_key) == ("http://x", True, None)
