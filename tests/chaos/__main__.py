"""`make chaos`: the long form by hand; prints the schedule, then the report, and judges."""

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from tests.chaos.campaign import Campaign, say
from tests.chaos.schedule import Form

LEAST_MINUTES = 1.43  # every trouble of the short form has its turn in so long
LONG_MINUTES = 3.0


def main() -> int:
    """Run a campaign; returns 1 when anything was lost or ended twice, or is otherwise wrong."""
    options = _parse()
    seed = options.seed if options.seed is not None else secrets.randbelow(10_000)
    form = Form.LONG if options.minutes >= LONG_MINUTES else Form.SHORT
    campaign = Campaign(seed, options.jobs, options.minutes * 60, form=form)
    directory = options.keep or Path(tempfile.mkdtemp(prefix="celshade-chaos-"))
    directory.mkdir(parents=True, exist_ok=True)
    say(f"SEED={seed} JOBS={options.jobs} MINUTES={options.minutes:g}, in {directory}")
    report, faults = campaign.run(directory)
    say(f"Report of seed {seed}:\n{report}")
    for fault in faults:
        say(f"WRONG: {fault}")
    say("Something is wrong." if faults else "Every accepted job ended exactly once.")
    return 1 if faults else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeat a run (drawn when left out)")
    parser.add_argument("--jobs", type=int, default=1000, help="submissions (1000)")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long faults last (5)")
    parser.add_argument("--keep", type=Path, help="directory for data and logs (a temporary one)")
    options = parser.parse_args()
    if options.minutes < LEAST_MINUTES:
        parser.error(f"--minutes must be at least {LEAST_MINUTES:g}")
    return options


if __name__ == "__main__":
    sys.exit(main())
