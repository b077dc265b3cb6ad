"""The door of `python -m training`: tells the allocator, then hands over to `commands`."""

import sys

from common.allocator import keep_freed_memory

keep_freed_memory()  # before torch allocates anything: a step is then half as long again

from training.commands import main  # noqa: E402 - see above

if __name__ == "__main__":
    sys.exit(main())
