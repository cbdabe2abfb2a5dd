"""`python -m load run|report`.

Exit codes: 0 when no job is lost, 1 when one is, 2 for usage or a broker that is away.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from . import ledger as ledgers
from . import patterns, report, work
from .account import account, percentile
from .generator import send
from .ledger import Ledger
from .queue import Queue, QueueClient, ledger_key


def main(arguments: Sequence[str] | None = None) -> int:
    logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stderr)
    flags = _parser().parse_args(arguments)
    try:
        ledger = asyncio.run(_run(flags) if flags.command == "run" else _read(flags))
    except (patterns.PatternError, RedisError, OSError) as error:
        sys.stderr.write(f"load: {error}\n")
        return 2
    found = account(ledger)
    sys.stdout.write("\n".join(report.lines(found)) + "\n")
    return 1 if found.lost else 0


async def _run(flags: argparse.Namespace) -> Ledger:
    run = flags.run or secrets.token_hex(3)
    times = patterns.arrivals(patterns.parse(flags.pattern), flags.jobs, flags.duration, flags.seed)
    kind = work.Work(flags.seconds, flags.spread, flags.fail_percent, flags.dead_percent, _queue(flags).priorities)
    jobs = work.jobs(kind, run, ledger_key(run), flags.jobs, flags.seed)
    sys.stderr.write(f"run {run}: {flags.jobs} jobs within {flags.duration:g} s into {flags.queue}\n")
    async with Redis.from_url(flags.redis) as redis:
        client = QueueClient(redis, _queue(flags))
        late = sorted(await send(lambda batch: client.enqueue(run, batch), jobs, times, clock=time.monotonic))
        sys.stderr.write(f"all sent; the generator was late by p99 {percentile(late, 99) or 0:.3f} s\n")
        ledger = await _settled(client, run, flags.wait)
    if flags.ledger:
        text = "\n".join(ledgers.dump(ledger)) + "\n"
        await asyncio.to_thread(Path(flags.ledger).write_text, text, encoding="utf-8")
    return ledger


async def _settled(client: QueueClient, run: str, seconds: float) -> Ledger:
    """The ledger when every job has ended, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        ledger = await client.ledger(run)
        if account(ledger).settled or time.monotonic() >= deadline:
            return ledger
        await asyncio.sleep(1.0)


async def _read(flags: argparse.Namespace) -> Ledger:
    if flags.ledger:
        text = await asyncio.to_thread(Path(flags.ledger).read_text, encoding="utf-8")
        return ledgers.load(text.splitlines())
    async with Redis.from_url(flags.redis) as redis:
        return await QueueClient(redis, _queue(flags)).ledger(flags.run)


def _queue(flags: argparse.Namespace) -> Queue:
    priorities = tuple(name for name in flags.priorities.split(",") if name)
    return Queue(flags.queue, flags.layout, flags.key_prefix, priorities)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="load", description="Sends jobs in a pattern and accounts for every one.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="send jobs, wait until they have ended, account for them")
    run.add_argument("--pattern", default="constant", help=f"{', '.join(patterns.SHAPES)}, or a sum as 2*sine+burst")
    run.add_argument("--jobs", type=int, default=1000)
    run.add_argument("--duration", type=float, default=60.0, help="seconds within which the jobs arrive")
    run.add_argument("--seconds", type=float, default=0.5, help="mean run time of a job")
    run.add_argument("--spread", type=float, default=0.5, help="run times lie within this fraction of the mean")
    run.add_argument("--fail-percent", type=float, default=0.0, help="jobs whose first run fails")
    run.add_argument("--dead-percent", type=float, default=0.0, help="jobs that always fail")
    run.add_argument("--seed", type=int, default=1)
    run.add_argument("--wait", type=float, default=300.0, help="seconds to wait for the last job's end")
    read = commands.add_parser("report", help="account for the jobs of a run that was sent before")
    for command in (run, read):
        command.add_argument("--redis", default="redis://127.0.0.1:6379/0")
        command.add_argument("--queue", default="demo")
        command.add_argument("--layout", choices=("List", "Stream"), default="List")
        command.add_argument("--key-prefix", default="")
        command.add_argument("--priorities", default="", help="comma separated, high to low")
        command.add_argument("--run", default="", help="name of the run")
        command.add_argument("--ledger", default="", help="file of the ledger: written by run, read by report")
    return parser
