"""The run itself: jobs in, samples out, and a new revision on the way."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from demo import install
from demo.sample import POOL, Sample, Sampler
from demo.screen import Screen
from demo.stage import Stage
from examples.load import ledger as ledgers
from examples.load.account import Account, account

PATTERN = "2*sine+burst"
ROLLOUT_AFTER = 0.45
"""When the new revision comes, as a share of the time in which jobs arrive."""
SAMPLE_SECONDS = 1.0
FAIL_PERCENT = 2
"""Jobs whose first run fails, so that retries are seen."""


@dataclass(frozen=True, slots=True)
class Result:
    account: Account
    samples: tuple[Sample, ...]
    rollout_at: float


def run(stage: Stage, jobs: int, seconds: float, folder: Path, screen: Screen) -> Result:
    """Send the jobs and look on until each has ended. Raises CalledProcessError where the generator failed."""
    file = folder / "ledger.jsonl"
    command = [sys.executable, "-m", "examples.load", "run", f"--redis={stage.redis_from_here}", f"--queue={POOL}"]
    command += [f"--pattern={PATTERN}", f"--jobs={jobs}", f"--duration={seconds}"]
    command += [f"--fail-percent={FAIL_PERCENT}", f"--ledger={file}"]
    began = time.monotonic()
    samples: list[Sample] = []
    rollout_at = 0.0
    with (
        Redis.from_url(stage.redis_from_here) as redis,
        subprocess.Popen(command, cwd=install.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as generator,
    ):
        sampler = Sampler(stage.cluster, stage.namespace, redis)
        try:
            while generator.poll() is None:
                now = time.monotonic() - began
                samples.append(sampler.look(now))
                screen.show(samples[-1])
                if not rollout_at and now >= seconds * ROLLOUT_AFTER:
                    install.roll_out(stage)
                    rollout_at = now
                    screen.say(
                        "        a new revision is applied: every worker has to be replaced, none may lose a job"
                    )
                _pause(generator, SAMPLE_SECONDS - (time.monotonic() - began - now))
        finally:
            generator.terminate()
            screen.end()
    if generator.returncode == 2:
        raise subprocess.CalledProcessError(2, command)
    return Result(account(ledgers.load(file.read_text().splitlines())), tuple(samples), rollout_at)


def _pause(generator: subprocess.Popen[bytes], seconds: float) -> None:
    """Until the next sample is due, or the generator ends."""
    try:
        generator.wait(max(0.0, seconds))
    except subprocess.TimeoutExpired:
        return
