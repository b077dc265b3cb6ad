"""The overview: what those who look after the service see of it, and nobody else."""

from pathlib import Path

import pytest

from api.auth.keys_file import lines_for
from common.callers import Scope, new_key
from tests.integration.api.conftest import MakeApp, context_of
from tests.integration.api.photo_client import Json, PhotoClient, body_of
from tests.support.hand_worker import HandWorker
from tests.support.photos import photo

OVERVIEW = "/v1/admin/overview"


def look(client: PhotoClient) -> Json:
    """What the overview says."""
    answer = client.get(OVERVIEW)
    assert answer.status_code == 200
    return body_of(answer)


def test_lines_workers_and_callers_are_told(client: PhotoClient, worker: HandWorker) -> None:
    jobs = [client.submit(photo(shade=shade)) for shade in range(3)]
    seen = look(client)

    (line,) = [one for one in seen["lines"] if one["style"] == "flat"]
    assert (line["waiting"], line["counted"]) == (3, 3)
    assert line["callers"] == [{"caller": "local", "waiting": 3}]
    assert seen["callers"] == [{"caller": "local", "open_jobs": 3}]
    (member,) = seen["workers"]
    assert (member["name"], member["state"], member["models"]) == ("hand", "ready", ["flat v1"])
    assert 0 <= member["busy_share"] <= 1
    assert seen["dead"] == 0
    assert len(jobs) == 3


def test_the_hour_follows_what_happens(client: PhotoClient, worker: HandWorker) -> None:
    assert look(client)["hour"]["minutes"] == []
    worker.store.maintenance.note_minute()  # a keeper's
    client.submit(photo(shade=1))
    worker.work_once()
    client.submit(photo(shade=1))

    hour = look(client)["hour"]
    assert (hour["submissions"], hour["hit_rate"], hour["pictures"]) == (2, 0.5, 1)
    assert hour["p50_seconds"] is not None
    assert sum(minute["hits"] for minute in hour["minutes"]) == 1


@pytest.mark.parametrize(("scope", "status"), [(Scope.JOBS, 403), (Scope.ADMIN, 200)])
def test_only_who_looks_after_the_service_sees_it(
    make_app: MakeApp, tmp_path: Path, scope: Scope, status: int
) -> None:
    key = new_key()
    keys_file = tmp_path / "keys.toml"
    keys_file.write_text(lines_for(key, "ann", frozenset({scope}), {}))
    app = make_app(keys_file=keys_file)
    HandWorker(context_of(app).store, context_of(app).objects).beat()

    assert PhotoClient(app, key).get(OVERVIEW).status_code == status
    assert PhotoClient(app).get(OVERVIEW).status_code == 401
