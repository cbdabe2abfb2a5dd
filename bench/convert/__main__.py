"""`python -m bench.convert`: what conversion costs; with `--identities` whether it loses anything."""

from __future__ import annotations

import argparse
import sys


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.convert", description=__doc__)
    parser.add_argument(
        "--identities", nargs="?", type=int, const=100_000, metavar="N", help="objects in each direction"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the random objects")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement")
    parser.add_argument("--objects", type=int, default=1000, help="in the list that a real API server is asked for")
    options = parser.parse_args()
    if options.identities is not None:
        from bench.convert.identities import identities

        sys.exit(1 if identities(options.identities, options.seed) else 0)
    from bench.convert.speed import speed

    speed(options.seconds, options.objects)


if __name__ == "__main__":
    main()
