"""Who runs which tests where several processes do: a file's tests stay together, in their order.

So what a file sets up once is set up once; and what files share, a running service, as well.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:

    class LoadFileScheduling:
        """What xdist's own does, as far as this module knows it: xdist ships no types."""

        def __init__(self, config: pytest.Config, log: object = None) -> None: ...
        def _split_scope(self, nodeid: str) -> str: ...
else:
    from xdist.scheduler import LoadFileScheduling

# Each line is what one process runs: everything below it, or the files that share `one_worker`.
TOGETHER = (
    ("tests/browser/",),
    (
        "tests/e2e/test_batch.py",
        "tests/e2e/test_endings.py",
        "tests/e2e/test_other_deaths.py",
        "tests/e2e/test_sharing.py",
    ),
)


class TogetherScheduling(LoadFileScheduling):
    """Hands out files, and those that belong together as one, in the order of the collection."""

    def __init__(self, config: pytest.Config, log: object = None) -> None:
        # The files that take the longest are few tests each, and collected first: so it stays.
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((each[0] for each in TOGETHER if file.startswith(each)), file)
