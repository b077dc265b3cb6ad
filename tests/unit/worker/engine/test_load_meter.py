"""The load meter: shares of time and sizes of batches, by a clock that the test turns."""

import pytest

from worker.engine.load_meter import WINDOW_S, LoadMeter


def test_an_engine_that_did_nothing_is_not_busy() -> None:
    meter = LoadMeter(10.0)

    assert meter.read(10.0).busy_share == 0
    load = meter.read(12.0)

    assert (load.busy_share, load.batch_size) == (0, 0)


def test_busy_is_the_time_in_which_any_lane_ran() -> None:
    meter = LoadMeter(0.0)
    meter.begin(1.0)
    meter.begin(2.0)  # side by side: the seconds from 2 to 3 count once
    meter.end(3.0, photos=4)
    meter.end(4.0, photos=1)

    load = meter.read(6.0)

    assert load.busy_share == pytest.approx(3 / 6)
    assert load.batch_size == pytest.approx(2.5)


def test_a_forward_that_still_runs_counts() -> None:
    meter = LoadMeter(0.0)
    meter.begin(1.0)

    assert meter.read(2.0).busy_share == pytest.approx(0.5)
    assert meter.read(4.0).busy_share == pytest.approx(0.75)


def test_what_is_older_than_the_window_is_forgotten() -> None:
    meter = LoadMeter(0.0)
    meter.begin(0.0)
    meter.end(1.5, photos=8)
    for beat in range(1, 40):
        load = meter.read(beat * 1.5)

    assert load.busy_share == 0
    assert load.batch_size == 0


def test_a_busy_engine_stays_busy_over_many_readings() -> None:
    meter = LoadMeter(0.0)
    meter.begin(0.0)

    shares = [meter.read(second).busy_share for second in range(1, int(3 * WINDOW_S))]

    assert shares == [1.0] * len(shares)
