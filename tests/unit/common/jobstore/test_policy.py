"""The scripts' figures and their text: derived from the settings, sound, complete."""

import re

from common import jobs
from common.errors import ExecutionTimeout, InternalError, WorkerLost
from common.jobstore.lua_build import compose
from common.jobstore.policy import ATTEMPTS, Policy, sentences
from common.settings import Settings

POLICY = Policy.from_settings(Settings())
VERBS = {
    *("admit", "enqueue", "claim", "renew", "complete", "fail", "release", "abandon"),
    *("cancel", "retry", "delete", "reap", "move"),
}
HARMLESS = ("#!lua flags=allow-oom", "#!lua flags=no-writes")


def test_the_figures_of_the_design_are_the_defaults() -> None:
    assert (POLICY.lease_ms, POLICY.renew_ms, POLICY.limit_ms) == (6_000, 1_500, 60_000)
    assert (POLICY.attempts, POLICY.delays_ms, POLICY.attached_max) == (3, (2_000, 10_000), 1_000)
    assert (POLICY.failure_ms, POLICY.gap_ms, POLICY.memory_guard) == (600_000, 3_000, 0.85)


def test_settings_reach_the_figures() -> None:
    policy = Policy.from_settings(Settings(lease_s=9, max_open_jobs=7, retention_s=60))
    assert (policy.lease_ms, policy.alive_ms) == (9_000, 9_000)
    assert (policy.open_max, policy.retention_ms) == (7, 60_000)


def test_there_is_a_pause_for_every_attempt_but_the_last() -> None:
    assert len(POLICY.delays_ms) == ATTEMPTS - 1


def test_the_reaper_says_what_the_errors_say() -> None:
    assert sentences() == {
        "worker_lost": WorkerLost.default,
        "execution_timeout": ExecutionTimeout.default,
        "internal": InternalError.default,
    }


def test_every_verb_of_the_design_is_a_script() -> None:
    assert compose(POLICY).keys() >= VERBS


BRINGS_IN = {
    "admit",
    "enqueue",
    "batch_begin",
    "batch_refuse",
    "image_begin",
    "image_keep",
    "archive_make",
}


def test_only_what_brings_work_in_is_refused_at_the_memory_limit() -> None:
    shebangs = {verb: text.partition("\n")[0] for verb, text in compose(POLICY).items()}
    refused = {verb for verb, shebang in shebangs.items() if shebang == "#!lua"}
    assert refused == BRINGS_IN
    assert {shebangs[verb] for verb in shebangs.keys() - refused} == set(HARMLESS)


def test_a_script_begins_with_what_it_does() -> None:
    scripts = compose(POLICY)
    assert [verb for verb, text in scripts.items() if f"\n-- {verb}: " not in text] == []


def test_the_scripts_work_by_the_very_table_of_states() -> None:
    text = compose(POLICY)["cancel"]
    moves = re.search(r"^local MOVES = (.*)$", text, re.MULTILINE)
    assert moves is not None
    every = [f"{before} {after}" for before, afters in jobs.TRANSITIONS.items() for after in afters]
    assert sorted(re.findall(r'\["([^"]+)"\]=true', moves[1])) == sorted(every)


def test_a_script_is_given_what_it_uses_and_nothing_else() -> None:
    texts = compose(POLICY)
    assert "local function doom(" in texts["admit"]
    assert "local function detach(" not in texts["admit"]  # only jobs that are left need it
    assert "local MOVES" not in texts["renew"]
    assert "P." not in texts["claim"]  # figures stand where they are used
    assert f"now + ({POLICY.lease_ms})" in texts["claim"]
