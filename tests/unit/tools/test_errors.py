"""The page of the errors: all of them, and nothing that does not exist."""

from collections.abc import Iterator

from api.archives.zip_stream import gap
from api.http.problems import STATUSES
from celshade import CelshadeError as ClientError
from celshade.command.messages import code_of
from common.errors import CelshadeError, RenderError
from common.jobs import JobStatus
from common.jobstore.archives import Picture
from common.schemas.batch import INCOMPLETE
from tests.support import checkout
from tools.reference import errors
from tools.reference.error_advice import ANSWERS, GAPS, JOBS

# Ends a process at its start; no request is ever answered so.
NEVER_ANSWERED = {"configuration"}


def codes(root: type[CelshadeError]) -> set[str]:
    """The stable codes of a class of errors and of all below it."""
    return {root.code}.union(*(codes(child) for child in root.__subclasses__()))


def kinds(root: type[ClientError]) -> Iterator[type[ClientError]]:
    for child in root.__subclasses__():
        yield child
        yield from kinds(child)


def test_the_page_is_current() -> None:
    written = (checkout.ROOT / "docs" / "errors.md").read_text()

    assert written == errors.page(), "run: python -m tools.reference.errors > docs/errors.md"


def test_every_answer_is_on_the_page() -> None:
    assert ANSWERS.keys() == STATUSES.keys() - NEVER_ANSWERED - (JOBS.keys() - {"internal"})
    assert codes(CelshadeError) - NEVER_ANSWERED <= ANSWERS.keys() | JOBS.keys()


def test_every_cause_of_a_failed_job_is_on_the_page() -> None:
    assert JOBS.keys() == codes(RenderError)


def test_every_gap_is_on_the_page() -> None:
    pictures = [
        Picture("1"),
        *(Picture("1", status) for status in JobStatus),
        Picture("1", JobStatus.SUCCEEDED, is_gone=True),
    ]
    found = {gap(picture) for picture in pictures} | {INCOMPLETE.code}

    assert found - {"job_failed"} == GAPS.keys()


def test_every_error_of_the_client_is_on_the_page() -> None:
    text = errors.page()
    server_sent = {"refused", "job_failed"}
    mine = {code_of(kind.__new__(kind)) for kind in kinds(ClientError) if not server_codes(kind)}

    assert {code for code in mine - server_sent if f"`{code}`" not in text} == set()


def server_codes(kind: type[ClientError]) -> bool:
    """Whether errors of this kind carry the server's own code."""
    return kind.__name__ in {"Refused", "JobFailed"}


def test_statuses_stand_in_order() -> None:
    statuses = [STATUSES[code] for code in ANSWERS if code != "internal"]

    assert statuses == sorted(statuses)


def test_each_code_has_a_heading_to_link_to() -> None:
    lines = errors.page().splitlines()

    assert all(f"### {code}" in lines for code in ANSWERS)
