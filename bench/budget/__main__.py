"""`python -m bench.budget`: random pools under random budgets, until every promise of a budget was tried often."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from statistics import quantiles

from bench.budget.trial import Verdict, play


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.budget", description=__doc__)
    parser.add_argument("--instances", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first instance")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="instances at the same time")
    options = parser.parse_args()
    began = time.monotonic()
    seeds = range(options.first, options.first + options.instances)
    with ProcessPoolExecutor(options.processes) as workers:
        verdicts = dict(zip(seeds, workers.map(play, seeds, chunksize=20), strict=True))
    show(verdicts, time.monotonic() - began)
    if bad := [seed for seed, verdict in verdicts.items() if not verdict.fine]:
        sys.exit(f"not fine: {', '.join(map(str, bad[:20]))}")


def show(verdicts: dict[int, Verdict], took: float) -> None:
    told = list(verdicts.values())
    totals = Counter[str]()
    for verdict in told:
        totals["moments above the budget"] += verdict.overdrawn
        totals["busy workers taken before minRuntime"] += verdict.taken_too_young
        totals["pools that gave and grew again"] += verdict.gave_and_grew
        totals["taken beyond what was missing"] += max(0, verdict.given - verdict.missing)
        totals["taken once all had their share"] += verdict.given_when_settled
        totals["instances that did not come to rest"] += not verdict.settled
        totals["waits beyond minRuntime and a job"] += verdict.waited_too_long
    print(f"{len(told)} instances in {took:.0f} s; workers taken for others: {sum(verdict.given for verdict in told)},")
    print(
        f"in {sum(verdict.given > 0 for verdict in told)} instances, where {sum(v.missing for v in told)} were missing"
    )
    for name in totals:
        print(f"  {name:40}{totals[name]:>6}")
    seconds = quantiles((verdict.seconds for verdict in told), n=100)
    print(f"seconds until all had their share: p50 {seconds[49]:.0f}, p95 {seconds[94]:.0f}, p99 {seconds[98]:.0f}")


if __name__ == "__main__":
    main()
