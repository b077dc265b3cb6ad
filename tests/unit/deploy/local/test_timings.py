"""The bar chart of where the time went."""

import io

from rich.console import Console

from deploy.local.timings import BAR_CELLS, bar, chart


def test_bars_show_shares_and_never_hide_what_took_time() -> None:
    assert bar(10, 10) == "█" * BAR_CELLS
    assert bar(5, 10) == "█" * (BAR_CELLS // 2)
    assert bar(1, 8 * BAR_CELLS) == "▏"
    assert bar(0.001, 10) == "▏"
    assert bar(0, 10) == ""
    assert bar(0, 0) == ""


def test_the_chart_lists_the_known_stages_in_order_and_their_sum() -> None:
    out = io.StringIO()
    stages = {"store_ms": 1.5, "forward_ms": 1000, "fetch_ms": None, "other": 7}
    Console(file=out, width=120).print(chart(stages))
    rows = [line.split() for line in out.getvalue().splitlines()]
    assert [row[:3] for row in rows[:2]] == [
        ["forward", "1,000.0", "ms"],
        ["store", "1.5", "ms"],
    ]
    assert rows[2] == ["all", "1,001.5", "ms"]
