"""The allocator listens where it is glibc."""

import subprocess
import sys

import pytest

from tests.checkout import ROOT
from tests.platforms import glibc_only

# In processes of their own: what the allocator was told once holds for all that comes after.


@glibc_only
@pytest.mark.parametrize("wish", ["keep_freed_memory", "give_back_freed_memory"])
def test_glibc_listens(wish: str) -> None:
    code = f"from common.allocator import {wish}; raise SystemExit(not {wish}())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0
