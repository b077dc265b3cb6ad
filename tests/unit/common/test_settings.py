"""Settings: typed, frozen, described, and all their faults told together."""

import pytest
from pydantic import ValidationError

from common.errors import ConfigurationError
from common.settings import PREFIX, Settings, environment_with, load_settings


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no setting of the machine reach a test."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"{PREFIX}{name.upper()}", raising=False)


def test_without_any_variable_they_are_usable() -> None:
    assert load_settings() == Settings()


def test_all_faults_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"API_PORT": "99999", "OBJECTS": "tape", "EXTRA_STYLES": "nonsense", "MAX_BATCH": "0"}
    for name, text in wrong.items():
        monkeypatch.setenv(f"CELSHADE_{name}", text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    told = str(caught.value).splitlines()
    assert {line.partition(":")[0] for line in told} == {f"CELSHADE_{name}" for name in wrong}


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"LEASE_S": "2", "RENEW_EVERY_S": "1.5"}, "lease_s"),
        ({"S3_ENDPOINT_URL": "http://127.0.0.1:1"}, "s3_access_key_id"),
        ({"PUBLIC_URL": "celshade.example"}, "http(s)"),
    ],
)
def test_what_cannot_work_together_is_refused(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], word: str
) -> None:
    for name, text in variables.items():
        monkeypatch.setenv(f"CELSHADE_{name}", text)
    with pytest.raises(ConfigurationError, match=word.replace("(", r"\(").replace(")", r"\)")):
        load_settings()


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELSHADE_REDIS_URL", "redis://:opensesame@127.0.0.1/0")
    settings = load_settings()
    assert "opensesame" not in repr(settings)
    assert settings.effective_broker_url.endswith("opensesame@127.0.0.1/0")


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELSHADE_EXTRA_STYLES", "a.b:C, d:E ,")
    assert load_settings().extra_styles == ("a.b:C", "d:E")


def test_they_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        setattr(Settings(), next(iter(Settings.model_fields)), "another")


def test_every_setting_says_what_it_is_for() -> None:
    said = {name: field.description or "" for name, field in Settings.model_fields.items()}
    assert [name for name, sentence in said.items() if not sentence.endswith(".")] == []


def test_a_child_gets_the_environment_with_some_settings_laid_over_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CELSHADE_API_PORT", "1")
    monkeypatch.setenv("OTHER", "kept")
    child = environment_with(api_port="2")
    assert (child["CELSHADE_API_PORT"], child["OTHER"]) == ("2", "kept")
    with pytest.raises(ConfigurationError, match="no_such"):
        environment_with(no_such="1")


def test_the_former_name_of_a_setting_is_read_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CELSHADE_STORE", "local")

    assert load_settings().objects == "local"
    assert "CELSHADE_STORE is called CELSHADE_OBJECTS now" in caplog.text


def test_the_present_name_of_a_setting_wins(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CELSHADE_STORE", "local")
    monkeypatch.setenv("CELSHADE_OBJECTS", "s3")

    assert load_settings().objects == "s3"
    assert caplog.text == ""
