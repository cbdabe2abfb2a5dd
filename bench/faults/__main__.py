"""`python -m bench.faults`: starts the one node cluster of this machine, needs root, and takes ten minutes."""

from __future__ import annotations

import argparse
import sys
import time

from bench.drain import acts, figures
from bench.drain.__main__ import stage
from bench.drain.acts import Acts
from bench.drain.watching import Load, Pods, beside
from bench.faults.trials import Trials
from examples.load.account import account
from tests.cluster import images
from tests.node.stack import eventually

SETTLE_SECONDS = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="words of the faults' names; default: all")
    options = parser.parse_args()
    with stage() as stack:
        acting = Acts(stack, images.WORKER.name)
        acting.apply(acts.LOW)
        acting.until_serving(acts.LOW)
        fine = _all(acting, options.only)
    sys.exit(0 if fine else 1)


def _all(acting: Acts, only: list[str]) -> bool:
    """Every fault in turn under one load, and a table; whether all is as promised."""
    trials = Trials(acting)
    faults = {
        "three updates in 6 s": trials.updates_in_a_row,
        "a former leader goes on, late": trials.leader_wakes_late,
        "API server killed, back after 10 s": trials.api_server_killed,
        "broker away for 60 s": trials.broker_away,
        "a worker is cut off for 10 s": trials.cut_off,
        "a worker hangs for 10 s": trials.hangs,
        "a busy worker says Drained": trials.says_drained,
        "a worker says busy for ever": trials.says_busy_for_ever,
        "a worker says garbage": trials.says_garbage,
    }
    chosen = {name: act for name, act in faults.items() if not only or any(word in name for word in only)}
    pods, load = Pods(acting.stack.cluster, "bench", acts.WORKERS), Load(acting.stack.redis.server.url, "faults")
    began: dict[str, float] = {}
    said: dict[str, str] = {}
    with beside(pods.watch):
        with beside(load.feed):
            for name, act in chosen.items():
                began[name] = time.time()
                said[name] = act()
                print(f"{name}: {time.time() - began[name]:.1f} s; {said[name]}", file=sys.stderr, flush=True)
        eventually("all jobs ended", lambda: account(load.ledger()).settled, True, SETTLE_SECONDS)
    ledger = load.ledger()
    found, by_pod = account(ledger), figures.runs(ledger.events)
    print(figures.HEADER)
    everything: list[figures.Removal] = []
    for name, everything in figures.phases(began, pods.lives.values(), by_pod):
        print(figures.line(name, everything))
        if said.get(name):
            print(f"  {said[name]}")
    print(f"{figures.jobs(found)}; at most {pods.most} pods at once")
    return figures.as_promised(found, everything)


if __name__ == "__main__":
    main()
