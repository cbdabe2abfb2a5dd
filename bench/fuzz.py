"""Mutated reviews against the real server, over TLS: `python -m bench.fuzz`.

What must hold: every answer is HTTP 200 and a review, no rule panics, the process lives on and does not grow.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from http.client import HTTPSConnection
from pathlib import Path
from random import Random
from ssl import create_default_context
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bench.webhook.servers import Server, certificates, headgate
from tests.webhooks.mutations import VALUES, WORLD, many_bodies, wrong_with

BATCH: Final = 50
"""Reviews made with the values of one example."""
WARM: Final = 5_000
"""Reviews after which caches are full; growth is counted from there."""
MOST_GROWTH: Final = 8.0
"""MiB, for the allocator's holes."""


class Asker:
    """Asks the server and counts what it says."""

    def __init__(self, server: Server, authority: Path) -> None:
        self._server = server
        self._connection = HTTPSConnection(
            "localhost", server.port, context=create_default_context(cafile=str(authority)), timeout=60
        )
        self.verdicts: Counter[str] = Counter()
        self.asked = 0
        self.warm = 0.0

    def __call__(self, path: str, body: bytes) -> None:
        self._connection.request("POST", f"{path}?timeout=30s", body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        content = answer.read()
        wrong = wrong_with(body, answer.status, content)
        assert not wrong, f"{wrong}: {path} {body!r} -> {content!r}"
        response = json.loads(content)["response"]
        self.verdicts["allowed" if response["allowed"] else f"refused with {response['status']['code']}"] += 1
        self.asked += 1
        if self.asked == WARM:
            self.warm = self._server.memory()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=__doc__)
    parser.add_argument("--reviews", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "world").mkdir()
        (folder / "world" / "all.json").write_text(json.dumps({"kind": "List", "items": list(WORLD)}))
        authority = certificates(folder)
        with headgate(folder / "world", folder) as server:
            asker, began = Asker(server, authority), time.monotonic()
            fuzz(asker, options.reviews, options.seed)
            growth = server.memory() - (asker.warm or server.memory())
            seconds = time.monotonic() - began
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(asker.verdicts.items()))
    print(f"{asker.asked} mutated reviews in {seconds:.0f} s (seed {options.seed}): {told}")
    print(f"every answer was HTTP 200 and a review; the server grew by {growth:.1f} MiB after the first {WARM}")
    if growth > MOST_GROWTH:
        sys.exit(f"more than {MOST_GROWTH} MiB of growth")


def fuzz(asker: Asker, reviews: int, number: int) -> None:
    @seed(number)
    @settings(
        max_examples=-(-reviews // BATCH),
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(), st.lists(VALUES, min_size=1, max_size=12))
    def ask(chance: int, values: list[Any]) -> None:
        for index, body in enumerate(many_bodies(Random(chance), values, BATCH)):  # noqa: S311 - it can be repeated
            asker(("/validate", "/default")[index % 2], body)

    ask()


if __name__ == "__main__":
    main()
