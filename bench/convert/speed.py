"""What conversion costs: an object by itself, an object over TLS, and a list at a real API server.

CPU time is what the converter and the API server have used, each as a process: it says what is whose, and it does not
depend on what else the machine does.
"""

from __future__ import annotations

import json
import ssl
import tempfile
from http.client import HTTPSConnection
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any, Final

from bench.reconcile.measuring import Process
from crds import meta
from crds.conversion import convert
from crds.definition import definition, served_by
from tests.cluster import processes
from tests.cluster.cluster import Cluster, running_control_plane
from tests.cluster.waiting import until
from tests.crds import beta, seeds
from tests.crds.objects import pool
from tests.versions.api import Api, collection
from tests.versions.conftest import install_crds
from tests.versions.converters import Converter, running_converter

ROUNDS: Final = 5
MILLI: Final = 1000


def speed(seconds: float, objects: int) -> None:
    _by_itself(seconds)
    with tempfile.TemporaryDirectory() as made, running_converter(Path(made)) as converter:
        _over_tls(converter, seconds)
        _lists(converter, objects)


def _by_itself(seconds: float) -> None:
    for name, by_kind, wanted in (
        ("v1 -> v1beta1", seeds.BY_KIND, meta.BETA_API_VERSION),
        ("v1beta1 -> v1", beta.BY_KIND, meta.API_VERSION),
    ):
        given = [obj for kind in meta.BETA_KINDS for obj in by_kind[kind.kind]]
        took = []
        until_ = perf_counter() + seconds / 2
        while perf_counter() < until_:
            for obj in given:
                began = perf_counter()
                convert(obj, wanted)
                took.append(perf_counter() - began)
        _tell(f"{name}, the function alone", took)


def _over_tls(converter: Converter, seconds: float) -> None:
    trusting = ssl.create_default_context(cadata=converter.authority.decode())
    connection = HTTPSConnection("localhost", converter.port, context=trusting, timeout=10)
    given = [obj for kind in meta.BETA_KINDS for obj in seeds.BY_KIND[kind.kind]]
    bodies = [json.dumps(_review([obj])) for obj in given]
    took = []
    used, until_ = _cpu(converter.pid), perf_counter() + seconds
    while perf_counter() < until_:
        for body in bodies:
            began = perf_counter()
            _ask(connection, body)
            took.append(perf_counter() - began)
    _tell("one object a review, over a kept TLS connection", took)
    _tell_cpu("  of the converter", _cpu(converter.pid) - used, len(took))
    many = json.dumps(_review(given * (1000 // len(given))))
    count = len(given) * (1000 // len(given))
    used = _cpu(converter.pid)
    for _ in range(ROUNDS):
        _ask(connection, many)
    _tell_cpu(f"{count} objects a review, of the converter", _cpu(converter.pid) - used, count * ROUNDS)
    connection.close()


def _ask(connection: HTTPSConnection, body: str) -> None:
    connection.request("POST", "/convert?timeout=30s", body, {"Content-Type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    if answer["response"]["result"]["status"] != "Success":
        raise RuntimeError(answer["response"]["result"])


def _review(objects: list[Any]) -> dict[str, Any]:
    request = {"uid": "1", "desiredAPIVersion": meta.BETA_API_VERSION, "objects": objects}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "request": request}


def _lists(converter: Converter, objects: int) -> None:
    with running_control_plane() as cluster:
        install_crds(cluster, [served_by(definition(kind), converter.client) for kind in meta.BETA_KINDS])
        api = Api(cluster.kubeconfig, seconds=120)
        path = collection("WorkerPool", "default", meta.VERSION)
        until("v1 is served", lambda: None if api.ask("GET", path).status == 200 else "not yet", 20)
        for number in range(objects):
            api.post(pool(f"pool-{number}", version="1.2", args=["-v"]), "default")
        apiserver = _apiserver(cluster)
        for version in (meta.VERSION, meta.BETA):
            took = []
            used = [_cpu(pid) for pid in (apiserver, converter.pid)]
            for _ in range(ROUNDS):
                began = perf_counter()
                listing = api.ask("GET", collection("WorkerPool", "default", version)).body
                took.append(perf_counter() - began)
                if len(listing["items"]) != objects:
                    raise RuntimeError(f"{len(listing['items'])} of {objects} objects")
            each = median(took) / objects
            print(
                f"{f'LIST of {objects:,} WorkerPools in {version}':<52} {median(took) * MILLI:8.0f} ms,"
                f" {each * MILLI:.3f} ms an object"
            )
            for who, pid, before in zip(("API server", "converter"), (apiserver, converter.pid), used, strict=True):
                _tell_cpu(f"  of the {who}", _cpu(pid) - before, objects * ROUNDS)
        api.close()


def _cpu(pid: int) -> float:
    return Process.of(pid).cpu


def _apiserver(cluster: Cluster) -> int:
    process = processes.recorded(cluster.kubeconfig.parent / "processes" / "kube-apiserver")
    if process is None:
        raise RuntimeError("the API server is not one of ours")
    return process.pid


def _tell_cpu(what: str, seconds: float, objects: int) -> None:
    print(f"{what:<52} {seconds / objects * MILLI:8.3f} ms of CPU an object")


def _tell(what: str, took: list[float]) -> None:
    p99 = quantiles(took, n=100)[98]
    print(f"{what:<52} {median(took) * MILLI:8.3f} ms p50, {p99 * MILLI:.3f} ms p99, {len(took):,} objects")
