"""`/v1/usage`: what a caller has used up and what is left, its own alone."""

import datetime
from pathlib import Path

from api.auth.keys_file import lines_for
from common.callers import Scope, new_key
from tests.integration.api.conftest import MakeApp, context_of
from tests.integration.api.photo_client import PhotoClient, body_of
from tests.support.hand_worker import HandWorker
from tests.support.photos import photo

SMALL_MP = 0.0768  # 320 x 240


def test_a_day_is_added_up(make_app: MakeApp, worker: HandWorker) -> None:
    client = PhotoClient(
        make_app(megapixels_per_day=1.0, max_open_jobs_per_caller=5, requests_per_minute=100)
    )
    client.submit(photo(shade=1))  # miss
    client.submit(photo(shade=1))  # joined
    worker.work_once()
    client.submit(photo(shade=1))  # hit: costs nothing
    client.post(photo(shade=1), headers={"Cache-Control": "no-cache"})
    used = body_of(client.get("/v1/usage"))
    assert used["caller"] == "local"
    assert used["answers"] == {"hit": 1, "joined": 1, "miss": 1, "bypass": 1}
    assert used["open_jobs"] == {"used": 1, "limit": 5, "left": 4}
    spent = round(3 * SMALL_MP, 3)
    assert used["megapixels"] == {"used": spent, "limit": 1.0, "left": round(1 - 3 * SMALL_MP, 3)}
    assert {name: used["requests"][name] for name in ("used", "limit", "left")} == {
        "used": 5,
        "limit": 100,
        "left": 95,
    }
    ends = datetime.datetime.fromisoformat(used["day_ends_at"])
    begins = datetime.datetime.fromisoformat(f"{used['day']}T00:00:00Z")
    assert ends - begins == datetime.timedelta(days=1)
    assert datetime.timedelta() < ends - datetime.datetime.now(datetime.UTC)


def test_without_limits_there_is_no_end(make_app: MakeApp, worker: HandWorker) -> None:
    used = body_of(PhotoClient(make_app()).get("/v1/usage"))
    assert used["megapixels"] == {"used": 0.0, "limit": None, "left": None}
    assert used["requests"] is None
    assert used["answers"] == {"hit": 0, "joined": 0, "miss": 0, "bypass": 0}


def test_a_caller_sees_its_own_alone(make_app: MakeApp, tmp_path: Path) -> None:
    ann, bob = new_key(), new_key()
    jobs = frozenset({Scope.JOBS})
    keys_file = tmp_path / "keys.toml"
    keys_file.write_text(
        lines_for(ann, "ann", jobs, {"megapixels_per_day": float("inf"), "max_open_jobs": 3})
        + lines_for(bob, "bob", jobs, {})
    )
    app = make_app(keys_file=keys_file, megapixels_per_day=SMALL_MP)
    HandWorker(context_of(app).store, context_of(app).objects).beat()
    PhotoClient(app, ann).submit()
    of_ann, of_bob = (body_of(PhotoClient(app, key).get("/v1/usage")) for key in (ann, bob))
    assert (of_ann["caller"], of_bob["caller"]) == ("ann", "bob")
    assert of_ann["open_jobs"] == {"used": 1, "limit": 3, "left": 2}
    assert of_ann["megapixels"]["limit"] is None
    assert of_bob["open_jobs"]["used"] == 0
    assert of_bob["megapixels"] == {
        "used": 0.0,
        "limit": SMALL_MP,
        "left": round(SMALL_MP, 3),
    }
    assert sum(of_bob["answers"].values()) == 0
