"""Starts a worker: settings, logging, signals, exit codes (0 after SIGTERM, 2 for what can't be started)."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

from . import admin, settings
from .config import ConfigError
from .handlers import HandlerError, load
from .routes import Routes
from .settings import Settings
from .worker import Worker

log = logging.getLogger("headgate.worker")

# Plain functions run in threads; more than this many at once gain nothing in one Python process.
MAX_THREADS = 64


def main() -> int:
    try:
        given = settings.read(sys.argv[1:], os.environ)
        _log_to_stderr(given.log_level)
        asyncio.run(_work(given))
    except (ConfigError, HandlerError) as error:
        sys.stderr.write(f"headgate-worker: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"headgate-worker: {error}\n")
        return 2
    return 0


def _log_to_stderr(level: str) -> None:
    if level not in logging.getLevelNamesMapping():
        raise ConfigError(f"log level {level!r}: use DEBUG, INFO, WARNING or ERROR")
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)


async def _work(given: Settings) -> None:
    with ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="job") as threads:
        worker = Worker(given, load(given.handler, threads))
        log.info("worker %s starts", worker.instance)
        server = await admin.listen(given.admin_port, Routes(worker).handle) if given.admin_port else None
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, worker.terminate)
        try:
            await worker.run()
        finally:
            if server:
                server.close()
    log.info("worker %s leaves", worker.instance)
