"""`python -m bench.reaction`: starts the one node cluster of this machine, needs root, and takes ten minutes."""

from __future__ import annotations

import argparse
import sys

from bench.drain.__main__ import stage
from bench.drain.watching import beside
from bench.reaction import acts
from bench.reaction.watching import Sizes
from tests.cluster import images


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.reaction", description=__doc__)
    parser.add_argument("--steps", type=int, default=5, help="steps of load")
    parser.add_argument("--wave", type=float, default=180.0, help="seconds of the wave")
    parser.add_argument("--nothing", type=int, default=3, help="times that a pool comes back from nothing")
    parser.add_argument("--outage", type=float, default=60.0, help="seconds in which Redis answers nobody")
    options = vars(parser.parse_args())
    fine = True
    with stage() as stack:
        sizes = Sizes(stack.cluster, stack.namespace)
        with beside(sizes.watch):
            bench = acts.Bench(stack, sizes, images.WORKER.name)
            for name, act in acts.ACTS.items():
                if not options[name]:
                    continue
                for finding in act(bench, options[name]):
                    print(finding.text if finding.fine else f"NOT FINE: {finding.text}", flush=True)
                    fine = fine and finding.fine
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
