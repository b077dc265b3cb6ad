"""Measuring apart: a benchmark's own process, made as the supervisor makes a worker.

`run` of such a benchmark calls `measured_apart`; the module run as a program calls `answer`.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

from common.allocator import keep_freed_memory
from common.settings import environment_with
from worker.supervisor import WorkerSlot


def measured_apart(module: str, rounds: int) -> Any:
    """Run a module in such a process and return the figures that it prints.

    Args:
        module: Its name, e.g. `benchmarks.looks`.
        rounds: What its `--rounds` says.

    Raises:
        RuntimeError: It failed.
    """
    command = [sys.executable, "-m", module, "--rounds", str(rounds)]
    environment = {**environment_with(), **WorkerSlot("bare", "cpu", "").variables()}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RuntimeError("The measurement failed; its words are above.")
    return json.loads(done.stdout)


def answer(
    module: str,
    add_arguments: Callable[[argparse.ArgumentParser], None],
    measure: Callable[[int], Mapping[str, Any]],
) -> int:
    """Measure in this process and print what was found, as JSON.

    Args:
        module: Whose process this is.
        add_arguments: Adds `--rounds`.
        measure: Takes the rounds; imports torch itself, after the allocator was told.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    add_arguments(parser)
    given = parser.parse_args()
    keep_freed_memory()
    print(json.dumps(measure(given.rounds)))
    return 0
