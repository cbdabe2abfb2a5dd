"""What came of the run, from the ledger and the samples. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from demo.sample import Sample
from examples.load.account import Account


@dataclass(frozen=True, slots=True)
class Summary:
    """`busy_killed` are the worker instances with a run that began and never ended: cut off with their worker.

    The ledger is the witness, not what was marked on a pod: who was cut off in a job was not idle, whatever was said.
    """

    jobs: int
    done: int
    dead: int
    lost: int
    twice: int
    queued: int
    busy_killed: tuple[str, ...]
    wait_p50: float
    wait_p95: float
    peak_workers: int
    most_pods: int
    revisions: int

    @property
    def accounted_for(self) -> int:
        return self.done + self.dead + self.queued

    @property
    def fine(self) -> bool:
        return not (self.lost or self.twice or self.queued or self.busy_killed) and self.done == self.jobs


def summarize(account: Account, samples: Sequence[Sample], revisions: int) -> Summary:
    """`account` must be of a run that is over: what still runs would count as cut off."""
    return Summary(
        jobs=len(account.enqueued),
        done=len(account.done),
        dead=len(account.dead),
        lost=len(account.lost),
        twice=len(account.done_twice),
        queued=len(account.queued),
        busy_killed=tuple(sorted({run.instance for run in account.unended})),
        wait_p50=account.wait(50) or 0.0,
        wait_p95=account.wait(95) or 0.0,
        peak_workers=max((sample.ready for sample in samples), default=0),
        most_pods=max((sample.pods for sample in samples), default=0),
        revisions=revisions,
    )


def lines(summary: Summary) -> list[str]:
    killed = f"  ({', '.join(summary.busy_killed)})" if summary.busy_killed else ""
    return [
        f"jobs accounted for       {summary.accounted_for} of {summary.jobs}",
        f"done                     {summary.done}",
        f"dead letters             {summary.dead}",
        f"still queued             {summary.queued}",
        f"lost                     {summary.lost}",
        f"done twice               {summary.twice}",
        f"busy workers killed      {len(summary.busy_killed)}{killed}",
        f"wait p50 / p95           {summary.wait_p50:.1f} s / {summary.wait_p95:.1f} s",
        f"workers at the most      {summary.peak_workers} ready, {summary.most_pods} pods while rolling out",
        f"revisions                {summary.revisions}, replaced under load",
    ]
