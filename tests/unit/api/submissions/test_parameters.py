"""Parameters: what is taken, what is refused, and in which words."""

import json

import pytest

from api.http.request_options import InvalidParameters
from api.jobs.schemas import ListParameters
from api.submissions.parameters import Parameters
from common.jobs import JobStatus, Priority
from common.renders import PictureFormat


def faults_of(**fields: str) -> dict[str, str]:
    """What is wrong with the parameters of a submission, by field."""
    with pytest.raises(InvalidParameters) as caught:
        Parameters.parse(fields)
    return dict(caught.value.faults)


def test_everything_may_be_left_out() -> None:
    parameters = Parameters.parse({})
    assert (parameters.style, parameters.size) == (None, None)
    assert (parameters.strength, parameters.quality) == (0.7, 92)
    assert parameters.format is PictureFormat.JPEG
    assert parameters.priority is Priority.NORMAL
    assert parameters.metadata == {}


def test_texts_become_values() -> None:
    parameters = Parameters.parse(
        {
            "style": "ink",
            "strength": "0.25",
            "size": "512",
            "format": "webp",
            "quality": "1",
            "priority": "high",
            "metadata": '{"album": "sea", "n": ""}',
        }
    )
    assert (parameters.strength, parameters.size, parameters.quality) == (0.25, 512, 1)
    assert parameters.metadata == {"album": "sea", "n": ""}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("strength", value) for value in ("2", "-1", "nan", "inf", "-inf", "much", "")),
        *(("size", value) for value in ("1e9", "255", "2049", "512.5", "", "0x200", "9" * 5000)),
        *(("format", value) for value in ("bmp", "JPEG", "", "jpeg ")),
        *(("quality", value) for value in ("0", "101", "high")),
        *(("priority", value) for value in ("urgent", "")),
        *(("webhook_url", value) for value in ("", "https://example.com/" + "a" * 2048)),
        ("image_url", "https://example.com/a.jpg"),
    ],
)
def test_what_is_out_of_range_is_refused(field: str, value: str) -> None:
    assert set(faults_of(**{field: value})) == {field}


@pytest.mark.parametrize(
    "metadata",
    [
        "album",
        "[]",
        "null",
        '{"a": 1}',
        '{"a": {"b": "c"}}',
        '{"": "x"}',
        '{"a": "\\ud800"}',
        '{"\\ud800": "a"}',
        "[" * 1000,
        json.dumps({str(n): "" for n in range(17)}),
        json.dumps({"a": "x" * 1100}),
    ],
)
def test_metadata_is_a_small_object_of_texts(metadata: str) -> None:
    assert set(faults_of(metadata=metadata)) == {"metadata"}


def test_metadata_of_any_language_fits() -> None:
    given = {"où": "à la mer", "どこ": "海"}
    assert Parameters.parse({"metadata": json.dumps(given)}).metadata == given


def test_every_fault_is_named_once_and_in_plain_words() -> None:
    faults = faults_of(strength="x", size="y", colour="z")
    assert faults["colour"] == "There is no such parameter."
    assert faults["strength"] == "Send a number."
    assert set(faults) == {"strength", "size", "colour"}
    assert all(sentence.endswith(".") for sentence in faults.values())


def test_a_long_name_is_not_given_back_whole() -> None:
    (name,) = faults_of(**{"x" * 10_000: "1"})
    assert len(name) == 64


def test_a_list_has_its_own_parameters() -> None:
    asked = ListParameters.parse({"status": "failed", "limit": "7", "cursor": "12." + "a" * 32})
    assert (asked.status, asked.limit) == (JobStatus.FAILED, 7)
    with pytest.raises(InvalidParameters):
        ListParameters.parse({"cursor": "12." + "a" * 32 + "\n"})
