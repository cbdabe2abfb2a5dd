"""What came of the run, from the ledger and the samples. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from demo.sample import Sample
from examples.load.account import Account


@dataclass(frozen=True, slots=True)
class Summary:
    """`busy_killed` counts runs that began and never ended: cut off with their worker."""

    jobs: int
    done: int
    dead: int
    lost: int
    twice: int
    busy_killed: int
    wait_p50: float
    wait_p95: float
    peak_workers: int
    most_pods: int
    revisions: int

    @property
    def fine(self) -> bool:
        return not (self.lost or self.twice or self.busy_killed) and self.done == self.jobs


def summarize(account: Account, samples: Sequence[Sample], revisions: int) -> Summary:
    return Summary(
        jobs=len(account.enqueued),
        done=len(account.done),
        dead=len(account.dead),
        lost=len(account.lost),
        twice=len(account.done_twice),
        busy_killed=len(account.unended),
        wait_p50=account.wait(50) or 0.0,
        wait_p95=account.wait(95) or 0.0,
        peak_workers=max((sample.wanted for sample in samples), default=0),
        most_pods=max((sample.pods for sample in samples), default=0),
        revisions=revisions,
    )


def lines(summary: Summary) -> list[str]:
    return [
        f"jobs accounted for       {summary.done + summary.dead + summary.lost} of {summary.jobs}",
        f"done                     {summary.done}",
        f"dead letters             {summary.dead}",
        f"lost                     {summary.lost}",
        f"done twice               {summary.twice}",
        f"busy workers killed      {summary.busy_killed}",
        f"wait p50 / p95           {summary.wait_p50:.1f} s / {summary.wait_p95:.1f} s",
        f"workers at the most      {summary.peak_workers} wanted, {summary.most_pods} pods while rolling out",
        f"revisions                {summary.revisions}, replaced under load",
    ]
