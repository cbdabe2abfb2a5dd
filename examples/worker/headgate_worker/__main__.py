"""`python -m headgate_worker`.

As process 1 of a container a signal without a handler is ignored, so SIGTERM gets one before anything else is
even imported: a worker told to leave while it starts leaves.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def main() -> int:
    signal.signal(signal.SIGTERM, _leave)
    from . import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
