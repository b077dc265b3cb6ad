"""A caller's own share, over HTTP: open jobs and megapixels a day, across API processes."""

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from api.auth.keys_file import lines_for
from common.callers import Scope, new_key
from tests.integration.api.conftest import MakeApp, context_of
from tests.integration.api.photo_client import PhotoClient, body_of
from tests.support.hand_worker import HandWorker
from tests.support.photos import photo

SMALL_MP = 0.0768  # 320 x 240


def test_the_day_ends_in_utc(make_app: MakeApp, worker: HandWorker) -> None:
    client = PhotoClient(make_app(megapixels_per_day=2.5 * SMALL_MP))
    client.submit(photo(shade=1))
    client.submit(photo(shade=2))
    answer = client.post(photo(shade=3))
    assert (answer.status_code, body_of(answer)["code"]) == (429, "quota_exceeded")
    now = datetime.datetime.now(datetime.UTC)
    midnight = datetime.datetime.combine(
        now.date() + datetime.timedelta(days=1), datetime.time(), datetime.UTC
    )
    left_s = (midnight - now).total_seconds()
    assert abs(int(answer.headers["Retry-After"]) - left_s) < 60
    worker.work_once()
    assert client.submit(photo(shade=1))["cache"]["status"] == "hit"


def test_two_processes_share_one_allowance(make_app: MakeApp, worker: HandWorker) -> None:
    clients = [PhotoClient(make_app(megapixels_per_day=10 * SMALL_MP)) for _ in range(2)]
    barrier = threading.Barrier(8)

    def flood(number: int) -> list[int]:
        barrier.wait()
        client = clients[number % 2]
        return [
            client.post(photo(320, 240, shade=shade, kind=kind)).status_code
            for shade, kind in ((number, "jpeg"), (number, "png"), (number, "webp"))
        ]

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(status for answers in pool.map(flood, range(8)) for status in answers)
    assert statuses == [202] * 10 + [429] * 14


def test_a_caller_may_have_a_share_of_its_own(make_app: MakeApp, tmp_path: Path) -> None:
    small, plain = new_key(), new_key()
    keys_file = tmp_path / "keys.toml"
    lines = lines_for(small, "small", frozenset({Scope.JOBS}), {})
    keys_file.write_text(
        f"{lines}max_open_jobs = 1\nmegapixels_per_day = inf\n"
        + lines_for(plain, "plain", frozenset({Scope.JOBS}), {})
    )
    app = make_app(keys_file=keys_file, megapixels_per_day=SMALL_MP)
    worker = HandWorker(context_of(app).store, context_of(app).objects)
    worker.beat()
    one, other = PhotoClient(app, small), PhotoClient(app, plain)
    limits = [body_of(client.get("/v1/limits")) for client in (one, other)]
    assert [told["max_open_jobs"] for told in limits] == [1, 10_000]
    assert [told["megapixels_per_day"] for told in limits] == [None, SMALL_MP]

    one.submit(photo(shade=1))
    answer = one.post(photo(shade=2))
    assert (answer.status_code, body_of(answer)["code"]) == (429, "queue_full_for_key")
    worker.work_once()
    one.submit(photo(shade=2))
    other.submit(photo(shade=1))
    answer = other.post(photo(shade=2))
    assert (answer.status_code, body_of(answer)["code"]) == (429, "quota_exceeded")
