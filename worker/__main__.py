"""`python -m worker`: the supervisor and its worker processes, one per GPU or one for the CPU."""

import argparse
import logging
import sys

from common.errors import ConfigurationError
from common.log import configure_logging
from common.pids import write_pid
from common.settings import environment_with, load_settings
from worker.supervisor import STOP_EXTRA_S, Supervisor, find_gpus, seats_for

_log = logging.getLogger(__name__)
_EPILOG = """\
Everything is set by CELSHADE_* variables (docs/configuration.md). The most useful here:
  CELSHADE_DEVICE=auto|cpu|0,1    one process per GPU; without one, a single one on the CPU
  CELSHADE_WORKER_THREADS=N       CPU threads of the model (divide the cores among workers)
  CELSHADE_MAX_BATCH=N            largest batch; measured at start when left out
  CELSHADE_EXTRA_STYLES=m:Class   more styles

SIGTERM: what is being rendered finishes (CELSHADE_DRAIN_S), the rest goes back in line.
"""


def main() -> int:
    """Supervise worker processes until told to stop; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m worker",
        description="Render photos: take work from the job store until told to stop.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args()
    try:
        settings = load_settings()
        seats = seats_for(settings, find_gpus())
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    name = f"{settings.worker_name}-supervisor"
    configure_logging(name, settings.log_level)
    write_pid(settings.run_dir, name)
    _log.info("supervising %s", ", ".join(seat.name for seat in seats))
    Supervisor(seats, environment_with(), settings.drain_s + STOP_EXTRA_S).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
