"""The operator's view: who may look, what it shows of a service that works, and dead jobs."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect
from pydantic import SecretStr

from api.auth.keys_file import lines_for
from common.callers import Scope, new_key
from common.errors import WorkerLost
from common.jobstore import JobStore
from common.jobstore.leases import Claim, LineOffer, WorkerState
from common.settings import Settings
from common.styles import line_of
from tests.browser.conftest import Visit, light_styles
from tests.browser.person import Person
from tests.browser.screens import Screens
from tests.e2e.caller import Caller
from tests.e2e.stack import Stack, running_stack
from tests.support.photos import flat_photo
from tests.support.styles import GREEN

DOOMED = "doomed"  # a style whose worker dies of every photo
LINE = line_of(DOOMED, "v1")


@dataclass(frozen=True)
class House:
    """A service that asks for keys.

    Attributes:
        keys: By caller: `ann` and `bob` work with jobs, `it` looks after the service.
    """

    stack: Stack
    store: JobStore
    keys: dict[str, str]

    def caller(self, name: str) -> Caller:
        """A program with this one's key."""
        return Caller.of(self.stack.url, self.keys[name])

    def let_die(self, name: str, number: int) -> str:
        """Submit a photo and lose its render with three workers; return the job's id."""
        leases = self.store.leases("doomed-1")
        offer = LineOffer(LINE, DOOMED, "v1", "{}", 0.5, 1)
        leases.heartbeat(name="doomed", device="cpu", state=WorkerState.READY, offers=[offer])
        with self.caller(name) as caller:
            job = caller.submit(flat_photo(GREEN, number=number), style=DOOMED)
        for _ in range(3):
            claim = leases.claim(LINE, seconds_per_mp=0.5)
            assert isinstance(claim, Claim)
            leases.release(claim, lost_as=WorkerLost)
        leases.leave([LINE])
        return str(job["id"])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service with keys and one worker."""
    directory = tmp_path_factory.mktemp("ops")
    gate = directory / "gate"
    gate.touch()
    keys = {name: new_key() for name in ("ann", "bob", "it")}
    keys_file = directory / "keys.toml"
    keys_file.write_text(
        "".join(
            lines_for(key, name, frozenset({Scope.ADMIN if name == "it" else Scope.JOBS}), {})
            for name, key in keys.items()
        )
    )
    env = light_styles(gate) | {"CELSHADE_KEYS_FILE": str(keys_file)}
    with running_stack(directory, env=env) as stack:
        settings = Settings(redis_url=SecretStr(stack.redis_url))
        store = JobStore.from_settings(settings, timeout_s=30)
        yield House(stack, store, keys)
        store.redis.close()


@pytest.fixture
def operator(house: House, visit: Visit) -> Person:
    """Whoever looks after the service, come in with the right key."""
    person = visit(house.stack.url, goes=False)
    person.expects_refusals = True  # before the key is given
    person.page.goto(f"{house.stack.url}/ops")
    give_key(person.page, house.keys["it"])
    expect(tile(person.page, "waiting")).to_be_visible()
    return person


def give_key(page: Page, key: str) -> None:
    """Answer the question for a key."""
    page.get_by_role("textbox", name="API key").fill(key)
    page.get_by_role("button", name="Continue").click()


def tile(page: Page, name: str) -> Locator:
    """One of the tiles."""
    return page.locator(f"[data-tile={name}]")


def letter(page: Page, job_id: str) -> Locator:
    """The row of a dead job."""
    return page.locator("#dead tbody tr").filter(has_text=job_id)


def test_only_a_key_that_may_look_after_the_service_opens_it(
    house: House, visit: Visit, screens: Screens
) -> None:
    person = visit(house.stack.url, goes=False)
    person.expects_refusals = True
    page = person.page
    page.goto(f"{house.stack.url}/ops")
    expect(page.get_by_role("dialog")).to_contain_text("This service needs an API key")
    give_key(page, house.keys["ann"])
    expect(page.get_by_role("dialog")).to_contain_text("it needs the scope admin")
    screens.keep(page, "ops-key")
    give_key(page, house.keys["it"])
    expect(tile(page, "waiting")).to_be_visible()
    assert house.keys["it"] not in page.url
    page.reload()
    expect(tile(page, "waiting")).to_be_visible()  # the tab remembers the key


def test_it_shows_who_works_what_waits_and_what_the_last_hour_brought(
    house: House, operator: Person, screens: Screens
) -> None:
    page = operator.page
    with house.caller("ann") as ann:
        jobs = [ann.submit(flat_photo(GREEN, number=n), style="marked") for n in range(4)]
        for job in jobs:
            ann.wait_for(job["id"])
        again = ann.submit(flat_photo(GREEN, number=0), style="marked")
    assert again["cache"]["status"] == "hit"
    expect(tile(page, "hits").locator(".tile-figure")).to_contain_text("%")
    expect(tile(page, "pictures").locator(".tile-note")).to_have_text("4 in the last hour")
    expect(tile(page, "latency").locator(".tile-note")).to_contain_text("95 % within")
    workers = page.locator("#workers tbody tr")
    expect(workers).to_have_count(1)
    expect(workers.first).to_contain_text("ready")
    expect(workers.first).to_contain_text("marked")
    expect(page.locator("#lines tbody tr").filter(has_text="marked")).to_have_count(1)
    expect(page.locator("#callers")).to_contain_text("No callers are waiting.")
    screens.keep(page, "ops")
    page.set_viewport_size({"width": 360, "height": 740})
    assert operator.overflow_px() <= 0
    screens.keep(page, "ops-phone")


def test_dead_jobs_are_retried_and_purged(house: House, operator: Person, screens: Screens) -> None:
    page = operator.page
    first, second, third = (
        house.let_die(name, 50 + n) for n, name in enumerate(("ann", "bob", "bob"))
    )
    for job_id in (first, second, third):
        expect(letter(page, job_id)).to_contain_text("The worker was lost over it. 3 attempts")
    expect(tile(page, "failed").locator(".tile-note")).to_have_text("3 dead jobs")
    screens.keep(page, "ops-dead")

    letter(page, first).get_by_role("button", name="Retry the job of ann").click()
    expect(letter(page, first)).to_have_count(0)
    with house.caller("ann") as ann:
        assert ann.job(first)["run"] == 2
        ann.http.post(f"/v1/jobs/{first}/cancel")
    letter(page, second).get_by_role("button", name="Purge the job of bob from this list").click()
    expect(letter(page, second)).to_have_count(0)
    with house.caller("bob") as bob:
        assert bob.job(second)["status"] == "failed"

    page.get_by_role("button", name="Purge all").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Purge all dead jobs from this list?")
    screens.keep(page, "ops-purge")
    dialog.get_by_role("button", name="Keep them").click()
    expect(letter(page, third)).to_have_count(1)
    page.get_by_role("button", name="Purge all").click()
    page.get_by_role("dialog").get_by_role("button", name="Purge all").click()
    expect(page.locator("#dead")).to_contain_text("nothing has failed for good")


def test_it_speaks_chinese_as_well(operator: Person, screens: Screens) -> None:
    operator.page.get_by_role("button", name="Switch to Chinese").click()
    expect(operator.page.get_by_role("heading", level=1)).to_have_text("运行状况")
    expect(tile(operator.page, "waiting")).to_contain_text("排队中")
    screens.keep(operator.page, "ops-chinese")
