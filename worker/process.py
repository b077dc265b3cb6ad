"""The process that holds the models.

`python -m worker.process` is started by the supervisor, never by hand. It does what must be done
before torch is imported; everything else begins in `worker.serving`.
"""

import argparse
import logging
import sys

from common.allocator import keep_freed_memory
from common.errors import CelshadeError
from common.log import configure_logging
from common.processes.parent_death import die_with_parent
from common.processes.pid_file import write_pid
from common.settings import load_settings

_log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Run one worker process until it is told to stop; returns its exit code."""
    options = _parse(arguments)
    die_with_parent(options.parent)
    settings = load_settings()
    configure_logging(options.name, settings.log_level)
    write_pid(settings.run_dir, options.name)
    keep_freed_memory()
    # Imported here: the allocator must be told before torch allocates anything.
    import torch  # noqa: PLC0415 - see above

    from worker.serving import serve  # noqa: PLC0415 - see above

    try:
        serve(settings, options.name, torch.device(options.device))
    except CelshadeError as error:
        _log.error("cannot start: %s", error)
        return 1
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m worker.process", description=__doc__)
    parser.add_argument("--name", required=True, help="name in logs and of the pid file")
    parser.add_argument("--device", required=True, help="cpu or cuda")
    parser.add_argument("--parent", required=True, type=int, help="pid of the supervisor")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
