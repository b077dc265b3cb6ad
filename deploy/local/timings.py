"""Where a picture's time went, as a small bar chart for the terminal. Pure."""

from collections.abc import Mapping

from rich.table import Table

# The stages in the order in which a picture passes them, and what happens in each.
STAGES = {
    "fetch_ms": "photo from the storage",
    "decode_ms": "bytes to pixels",
    "wait_ms": "for the model to be free",
    "forward_ms": "the model itself",
    "encode_ms": "pixels to bytes",
    "store_ms": "picture to the storage",
}
BAR_CELLS = 30
EIGHTHS = " ▏▎▍▌▋▊▉█"  # Unicode block elements: a cell filled by so many eighths


def chart(stages_ms: Mapping[str, object]) -> Table:
    """Return one row per stage with its milliseconds and a bar of its share.

    Args:
        stages_ms: `metrics.stages` of a finished job; stages without a figure are left out.
    """
    known = {
        name: float(value)
        for name in STAGES
        if isinstance(value := stages_ms.get(name), int | float)
    }
    total_ms = sum(known.values())
    rows = Table(box=None, pad_edge=False, show_header=False)
    rows.add_column(no_wrap=True)
    rows.add_column(justify="right", no_wrap=True)
    rows.add_column(no_wrap=True)
    rows.add_column(style="dim", no_wrap=True)
    for name, value_ms in known.items():
        title = name.removesuffix("_ms")
        rows.add_row(f"  {title}", f"{value_ms:,.1f} ms", bar(value_ms, total_ms), STAGES[name])
    rows.add_row("  all", f"{total_ms:,.1f} ms", "", "")
    return rows


def bar(value_ms: float, total_ms: float) -> str:
    """Return a bar for a share of the whole, exact to an eighth of a cell.

    Whatever took time at all shows at least that eighth.
    """
    if value_ms <= 0 or total_ms <= 0:
        return ""
    full, rest = divmod(max(1, round(8 * BAR_CELLS * value_ms / total_ms)), 8)
    return (EIGHTHS[-1] * full + EIGHTHS[rest]).rstrip()
