"""The allocator listens where it is glibc."""

import subprocess
import sys

import pytest

from tests.support.checkout import ROOT
from tests.support.platforms import glibc_only

TWICE = """
import resource, threading
from common.allocator import keep_freed_memory

def fill():
    bytearray(b"x") * 200_000_000

def new_pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    thread = threading.Thread(target=fill)
    thread.start()
    thread.join()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

keep_freed_memory()
print(new_pages(), new_pages())
"""

# In processes of their own: what the allocator was told once holds for all that comes after.


@glibc_only
@pytest.mark.parametrize("wish", ["keep_freed_memory", "give_back_freed_memory"])
def test_glibc_listens(wish: str) -> None:
    code = f"from common.allocator import {wish}; raise SystemExit(not {wish}())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0


@glibc_only
def test_what_a_thread_has_freed_the_next_one_gets_without_the_kernel() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TWICE], cwd=ROOT, check=True, capture_output=True, text=True
    )
    first, second = map(int, done.stdout.split())
    assert second < first / 10
