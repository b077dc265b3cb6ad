"""Dead letters: those who look after the service list, retry and purge them, whoever's they are."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.auth.keys_file import lines_for
from common.callers import Scope, new_key
from common.errors import WorkerLost
from common.jobstore.leases import Claim
from tests.integration.api.conftest import MakeApp, context_of
from tests.integration.api.photo_client import Json, PhotoClient, body_of
from tests.support.hand_worker import HandWorker
from tests.support.photos import photo

DEAD = "/v1/admin/dead"


@dataclass(frozen=True)
class House:
    """A service with two callers and somebody who looks after it."""

    ann: PhotoClient
    bob: PhotoClient
    admin: PhotoClient
    worker: HandWorker

    def let_die(self, owner: PhotoClient, shade: int) -> Json:
        """Submit a photo and lose its render with three workers."""
        job = owner.submit(photo(shade=shade), metadata='{"note": "private"}')
        leases = self.worker.store.leases("doomed")
        for _ in range(3):
            claim = leases.claim(self.worker.line, seconds_per_mp=1.0)
            assert isinstance(claim, Claim)
            leases.release(claim, lost_as=WorkerLost)
        return job

    def listed(self, query: str = "") -> list[Json]:
        """What the list says."""
        data: list[Json] = body_of(self.admin.get(DEAD + query))["data"]
        return data


@pytest.fixture
def house(make_app: MakeApp, tmp_path: Path) -> House:
    """An application with a keys file."""
    keys = {name: new_key() for name in ("ann", "bob", "it")}
    scopes = {"ann": Scope.JOBS, "bob": Scope.JOBS, "it": Scope.ADMIN}
    keys_file = tmp_path / "keys.toml"
    keys_file.write_text("".join(lines_for(keys[n], n, frozenset({scopes[n]}), {}) for n in keys))
    app = make_app(keys_file=keys_file)
    worker = HandWorker(context_of(app).store, context_of(app).objects)
    worker.beat()
    ann, bob, admin = (PhotoClient(app, key) for key in keys.values())
    return House(ann, bob, admin, worker)


def test_the_list_says_whose_job_died_of_what(house: House) -> None:
    job = house.let_die(house.ann, shade=1)
    (letter,) = house.listed()
    assert (letter["job_id"], letter["caller"], letter["style"]) == (job["id"], "ann", "flat")
    assert (letter["code"], letter["attempts"], letter["run"]) == ("worker_lost", 3, 1)
    assert letter["retryable"]
    assert letter["created_at"] == job["created_at"] < letter["died_at"]
    assert "private" not in str(letter)


def test_pages_go_on_where_the_last_one_ended(house: House) -> None:
    jobs = [house.let_die(house.ann, shade=shade)["id"] for shade in range(3)]
    first = body_of(house.admin.get(f"{DEAD}?limit=2"))
    rest = body_of(house.admin.get(f"{DEAD}?limit=2&cursor={first['next_cursor']}"))
    seen = [letter["job_id"] for letter in first["data"] + rest["data"]]
    assert (sorted(seen), rest["next_cursor"]) == (sorted(jobs), None)


def test_a_retried_job_stays_its_callers(house: House) -> None:
    job = house.let_die(house.bob, shade=1)
    answer = house.admin.call("POST", f"{DEAD}/{job['id']}/retry")
    assert answer.status_code == 202
    assert body_of(answer) == {
        "job_id": job["id"],
        "caller": "bob",
        "status": "queued",
        "run": 2,
    }
    assert house.listed() == []
    house.worker.work_once()
    assert house.bob.job(job)["status"] == "succeeded"
    assert house.ann.get(f"/v1/jobs/{job['id']}").status_code == 404
    again = house.admin.call("POST", f"{DEAD}/{job['id']}/retry")
    assert (again.status_code, body_of(again)["code"]) == (404, "not_found")


def test_a_purged_letter_leaves_its_job(house: House) -> None:
    first, second = (house.let_die(house.ann, shade=shade) for shade in (1, 2))
    answer = house.admin.call("DELETE", f"{DEAD}/{first['id']}")
    assert (answer.status_code, body_of(answer)) == (200, {"purged": 1})
    assert house.ann.job(first)["status"] == "failed"
    assert [letter["job_id"] for letter in house.listed()] == [second["id"]]
    assert house.admin.call("DELETE", f"{DEAD}/{first['id']}").status_code == 404
    kept = house.admin.call("DELETE", f"{DEAD}?older_than_seconds=3600")
    assert (kept.status_code, body_of(kept)) == (200, {"purged": 0})
    assert body_of(house.admin.call("DELETE", DEAD)) == {"purged": 1}
    assert house.listed() == []


def test_a_deleted_job_takes_its_letter_along(house: House) -> None:
    job = house.let_die(house.ann, shade=1)
    house.ann.call("DELETE", f"/v1/jobs/{job['id']}")
    assert house.listed() == []


def test_only_the_scope_admin_opens_it(house: House) -> None:
    job = house.let_die(house.ann, shade=1)
    calls: list[Callable[[PhotoClient], int]] = [
        lambda client: client.get(DEAD).status_code,
        lambda client: client.call("POST", f"{DEAD}/{job['id']}/retry").status_code,
        lambda client: client.call("DELETE", f"{DEAD}/{job['id']}").status_code,
        lambda client: client.call("DELETE", DEAD).status_code,
    ]
    assert [call(house.ann) for call in calls] == [403] * 4
    assert len(house.listed()) == 1


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "cursor=x", "older=1"])
def test_a_wrong_question_is_refused(house: House, query: str) -> None:
    answer = house.admin.get(f"{DEAD}?{query}")
    assert (answer.status_code, body_of(answer)["code"]) == (422, "invalid_param")


def test_ids_that_cannot_be_are_not_found(house: House) -> None:
    for job_id in ("x", "0" * 32):
        assert house.admin.call("POST", f"{DEAD}/{job_id}/retry").status_code == 404
        assert house.admin.call("DELETE", f"{DEAD}/{job_id}").status_code == 404


def test_without_keys_everybody_on_loopback_looks_after_it(client: PhotoClient) -> None:
    assert body_of(client.get(DEAD)) == {"data": [], "next_cursor": None}
