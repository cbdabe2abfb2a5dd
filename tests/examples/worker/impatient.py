"""A worker that takes others for dead after 2 s instead of 30, so that tests of recovery need not wait: `python -m`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from headgate_worker import demo, settings
from headgate_worker.recovery import Patience
from headgate_worker.worker import Worker

PATIENCE = Patience(dead=2.0, heard=0.5, every=0.5)


async def main() -> None:
    worker = Worker(settings.read(sys.argv[1:], os.environ), demo.handle, PATIENCE)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.terminate)
    await worker.run()


if __name__ == "__main__":
    asyncio.run(main())
