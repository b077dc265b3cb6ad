"""The gate closes after three failures in a row that are the worker's, and for good on drain."""

import threading

from common.errors import DecodeFailed, InternalError
from worker.claiming.gate import FAILURES_IN_A_ROW, Gate, GateState


def test_three_failures_in_a_row_close_it() -> None:
    gate = Gate()
    for _ in range(FAILURES_IN_A_ROW):
        assert gate.state is GateState.OPEN
        gate.note_failure(InternalError())
    assert gate.state is GateState.SICK


def test_bad_pictures_never_close_it() -> None:
    gate = Gate()
    for _ in range(10):
        gate.note_failure(DecodeFailed())
    assert gate.state is GateState.OPEN


def test_a_success_begins_the_count_anew() -> None:
    gate = Gate()
    for _ in range(5):
        gate.note_failure(InternalError())
        gate.note_failure(InternalError())
        gate.note_success()
    assert gate.state is GateState.OPEN


def test_waiters_go_on_after_recovery() -> None:
    gate, passed = Gate(), threading.Event()
    for _ in range(FAILURES_IN_A_ROW):
        gate.note_failure(InternalError())

    def wait() -> None:
        if gate.wait_until_open():
            passed.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert not passed.is_set()
    gate.recover()
    waiter.join(10)
    assert passed.is_set()


def test_draining_turns_waiters_away_and_is_final() -> None:
    gate = Gate()
    gate.drain()
    gate.recover()
    assert not gate.wait_until_open()
    assert gate.state is GateState.DRAINING
