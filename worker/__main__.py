"""`python -m worker`: the supervisor and its worker processes, one per GPU or one for the CPU.

`python -m worker styles` looks after the bundles of styles instead.
"""

import logging
import sys

from common.errors import ConfigurationError
from common.log import configure_logging
from common.processes.pid_file import write_pid
from common.settings import environment_with, load_settings
from worker.command.arguments import make_parser
from worker.supervisor import STOP_EXTRA_S, find_gpus, slots_for, supervise

_log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Supervise worker processes until told to stop, or do what is asked; returns the exit code."""
    options = make_parser().parse_args(arguments)
    try:
        settings = load_settings()
        if options.command == "styles":
            # Imported here: it loads torch, which the supervisor has no use for.
            from worker.command import styles  # noqa: PLC0415 - see above

            return styles.run(options, settings.styles_dir)
        slots = slots_for(settings, find_gpus())
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    name = f"{settings.worker_name}-supervisor"
    configure_logging(name, settings.log_level)
    write_pid(settings.run_dir, name)
    _log.info("supervising %s", ", ".join(slot.name for slot in slots))
    supervise(slots, environment_with(), settings.drain_s + STOP_EXTRA_S)
    return 0


if __name__ == "__main__":
    sys.exit(main())
