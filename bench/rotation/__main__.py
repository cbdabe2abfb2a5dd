"""`python -m bench.rotation`: authorities, leaves and replicas change under load, and no request may fail."""

from __future__ import annotations

import argparse
import sys

from bench.rotation.trial import Plan, Result, run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.rotation", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000, help="requests at least")
    parser.add_argument("--changes", type=int, default=2, help="changes of authority; replicas are rolled between two")
    options = parser.parse_args()
    plan = Plan(
        requests=options.requests,
        changes=options.changes,
        authority_seconds=120,
        leaf_seconds=90,
        limit=1800,
    )
    result = run(plan)
    print(told(result))
    if result.failures or result.codes - {0}:
        sys.exit(1)


def told(result: Result) -> str:
    lines = [
        f"{result.requests:,} requests in {result.seconds:.0f} s, {sum(result.failures.values())} failed,"
        f" the slowest took {result.slowest:.2f} s",
        f"{result.fresh:,.0f} reviews over fresh connections, {result.kept:,.0f} over kept ones",
        f"{len(result.authorities)} authorities, {result.finished} changes finished, {len(result.leaves)} leaves",
        f"{result.replaced} replicas replaced, exit codes {sorted(result.codes)}",
    ]
    return "\n".join(lines + [f"  {count} x {message}" for message, count in result.failures.items()])


if __name__ == "__main__":
    main()
