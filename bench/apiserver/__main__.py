"""`python -m bench.apiserver`: nothing, the native floor, and floor and webhook together, in turns in one run.

Every apply is a server-side one that changes a field, over one connection that is kept open, and is stored. The same
four Policies of limits stand in all three namespaces; what differs is who looks at them.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any, Final

from tests import kinds
from tests.cluster.cluster import Cluster, running_control_plane
from tests.cluster.waiting import until
from tests.crds.apiserver import Answer, ApiServer, collection
from tests.differential import floor
from tests.policies import objects
from tests.webhooks.install import LABEL, Install, installed

Object = dict[str, Any]
NOTHING: Final = "nothing"
FLOOR: Final = "native floor"
BOTH: Final = "floor and webhook"
ARMS: Final = {NOTHING: "nothing", FLOOR: "floor", BOTH: "both"}
"""What is measured, and the last part of its namespace's name."""

POLICIES: Final = 4
LIMITS: Final = {
    "maxReplicasPerPool": 20,
    "maxConcurrency": 16,
    "maxInFlight": 64,
    "maxPriority": 100,
    "maxDrainTimeout": "2h",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.apiserver", description=__doc__)
    parser.add_argument("--applies", type=int, default=1000, help="applies of each kind")
    parser.add_argument("--warm", type=int, default=50, help="applies of each kind that are not counted")
    options = parser.parse_args()
    with running_control_plane() as cluster, tempfile.TemporaryDirectory() as folder:
        kinds.serve(cluster)
        server, token = ApiServer(cluster.kubeconfig), secrets.token_hex(3)
        with installed(cluster, f"bench-{token}", Path(folder)) as install, floor.bound(cluster, token):
            namespaces = {arm: f"bench-{token}-{end}" for arm, end in ARMS.items()}
            prepare(cluster, server, install, token, namespaces)
            taken = measure(server, namespaces, options.applies, options.warm)
        server.close()
    show(taken)


def prepare(cluster: Cluster, server: ApiServer, install: Install, token: str, namespaces: Mapping[str, str]) -> None:
    """Each namespace with its policies, in force where they are to be."""
    for arm, namespace in namespaces.items():
        labels = {} if arm == NOTHING else {floor.RUN_LABEL: token}
        labels |= {LABEL: install.name} if arm == BOTH else {}
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}
        _done(server.ask("POST", "/api/v1/namespaces", space))
        for number in range(POLICIES):
            policy = objects.policy(f"limits-{number}", limits=LIMITS)
            _done(server.ask("POST", collection("Policy", namespace), _in(policy, namespace)))
        _done(server.ask("POST", collection("Queue", namespace), _in(objects.queue(), namespace)))
    above = {arm: _in(objects.pool("above", scaling={"maxReplicas": 40}), space) for arm, space in namespaces.items()}
    wanted = {NOTHING: "", FLOOR: "ValidatingAdmissionPolicy", BOTH: "(Policy limits-3, limits.maxReplicasPerPool)"}
    for arm, words in wanted.items():

        def missing(arm: str = arm, words: str = words) -> str | None:
            answer = server.create(above[arm], namespaces[arm])
            message = str(answer.body.get("message", "") if answer.refused else "")
            return None if words in message and bool(message) is bool(words) else message or str(answer.status)

        until(f"{arm}: the limits hold", missing, 60)


def measure(server: ApiServer, namespaces: Mapping[str, str], applies: int, warm: int) -> dict[str, list[float]]:
    """Milliseconds of each apply. The order within a round is drawn, so that none always follows the same."""
    taken: dict[str, list[float]] = {arm: [] for arm in namespaces}
    chance = Random(1)  # noqa: S311 - an order, no secret
    for number in range(applies + warm):
        for arm in chance.sample(list(namespaces), len(namespaces)):
            body = _in(objects.pool("thumbnails", priority=number % 50, concurrency=4), namespaces[arm])
            path = f"{collection('WorkerPool', namespaces[arm])}/thumbnails?fieldManager=bench&force=true"
            began = time.perf_counter()
            answer = server.ask("PATCH", path, body, "application/apply-patch+yaml")
            lasted = 1e3 * (time.perf_counter() - began)
            _done(answer)
            if number >= warm:
                taken[arm].append(lasted)
    return taken


def show(taken: Mapping[str, Sequence[float]]) -> None:
    base = median(taken[NOTHING])
    print(f"{len(taken[NOTHING])} applies of a WorkerPool each, in turns, {POLICIES} Policies of {len(LIMITS)} limits")
    print(f"{'':20}{'median ms':>11}{'p99 ms':>9}{'more than nothing':>20}")
    for arm, lasted in taken.items():
        more = "" if arm == NOTHING else f"{median(lasted) - base:+.2f} ms, {median(lasted) / base:.2f}x"
        print(f"{arm:20}{median(lasted):>11.2f}{quantiles(lasted, n=100)[98]:>9.2f}{more:>20}")


def _in(obj: Object, namespace: str) -> Object:
    metadata = {key: value for key, value in obj["metadata"].items() if key not in ("uid", "generation")}
    return {**obj, "metadata": {**metadata, "namespace": namespace}}


def _done(answer: Answer) -> None:
    if answer.status not in (200, 201):
        sys.exit(f"HTTP {answer.status}: {answer.body.get('message')}")


if __name__ == "__main__":
    main()
