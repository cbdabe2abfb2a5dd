"""Making faults: each a block in which something is broken, and after which it is whole again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from redis import Redis

from bench.drain.watching import QUEUE
from bench.processes import processes, read
from tests.cluster import waiting
from tests.cluster.redis import SERVICE_PORT
from tests.cluster.state import State
from tests.node.stack import Stack, eventually

RECORDS: Final = f"{QUEUE.base}:workers"
LIE_SECONDS: Final = 0.2
"""A lie is told anew so often, so that it does not grow old."""
_TABLE: Final = "headgate-bench-faults"
API_SERVER: Final = "kube-apiserver"


@contextlib.contextmanager
def api_server_away(stack: Stack, seconds: float) -> Iterator[None]:
    """The API server is killed, keeps its data and is back `seconds` later; the block is run while it is away."""
    state = State(stack.cluster.kubeconfig.parent)
    process = state.running()[API_SERVER]
    command = [word.decode() for word in read(process.pid, "cmdline").split(b"\0")[:-1]]
    began = time.monotonic()
    os.kill(process.pid, signal.SIGKILL)
    state.stop(API_SERVER)
    try:
        yield
        time.sleep(max(0.0, began + seconds - time.monotonic()))
    finally:
        state.start(API_SERVER, command)
        waiting.until("the API server", lambda: _unready(stack), 60)


@contextlib.contextmanager
def broker_away(stack: Stack, seconds: float) -> Iterator[None]:
    """The broker ends, keeps its data and is back `seconds` later; the block is run while it is away."""
    server = stack.redis.server
    with Redis.from_url(server.url) as client:
        client.config_set("save", "3600 1000000")
    began = time.monotonic()
    server.stop()
    try:
        yield
        time.sleep(max(0.0, began + seconds - time.monotonic()))
    finally:
        server.start()


@contextlib.contextmanager
def cut_off(pod: Mapping[str, Any], what: str = "") -> Iterator[None]:
    """Nothing that the pod sends arrives anywhere, or nothing of `what`, such as `tcp dport 6379`; before Services."""
    rules = f"""
        table ip {_TABLE} {{
            chain sent {{ type filter hook prerouting priority raw; ip saddr {pod["status"]["podIP"]} {what} drop; }}
        }}"""
    _nft(rules)
    try:
        yield
    finally:
        _nft(f"delete table ip {_TABLE}")


@contextlib.contextmanager
def hanging(pod: Mapping[str, Any]) -> Iterator[None]:
    """The pod's processes are stopped, as by a deadlock or a debugger."""
    found = _workers(pod["metadata"]["uid"])
    assert found, f"no process of {pod['metadata']['name']} is found"
    with stopped(found):
        yield


@contextlib.contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """Processes that are stopped for the length of the block."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


Tale = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes from a worker's true record what is written in its place."""


def drained(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "state": "Drained", "fetching": 0, "running": 0, "held": 0}


def busy(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "state": "Draining", "running": 1}


def garbage(record: dict[str, Any]) -> dict[str, Any]:
    """Its time stays, so that other workers do not take it for dead and its jobs for theirs."""
    return {**record, "state": "\x00", "running": "{{{", "held": None}


@contextlib.contextmanager
def telling(stack: Stack, pod: Mapping[str, Any], tale: Tale) -> Iterator[None]:
    """Whatever the pod's worker says of itself, `tale` is what the broker has.

    The worker does not reach the broker meanwhile. When its records were only overwritten, as soon as the broker told
    of them, one was sometimes read in between, and the worker, truly idle, was removed.
    """
    server, end = stack.redis.server, threading.Event()
    with Redis.from_url(server.url) as client:
        eventually("records of the worker", lambda: len(_instances(client, pod)), 1)
        (instance,) = _instances(client, pod)

        def tell() -> None:
            while not end.wait(LIE_SECONDS):
                seconds, micros = client.time()
                told = tale({**true, "time": seconds + micros / 1e6})
                client.hset(RECORDS, instance, json.dumps(told))

        with cut_off(pod, f"tcp dport {SERVICE_PORT}"):
            true = json.loads(client.hget(RECORDS, instance) or b"{}")
            thread = threading.Thread(target=tell)
            thread.start()
            try:
                yield
            finally:
                end.set()
                thread.join()


def _instances(client: Redis, pod: Mapping[str, Any]) -> list[bytes]:
    """The processes of a pod that have told of themselves."""
    names: list[Any] = client.hkeys(RECORDS)
    return [name for name in names if name.startswith(f"{pod['metadata']['name']}.".encode())]


def hostname(pid: int) -> str:
    """The name of the pod a process runs in."""
    words = read(pid, "environ").split(b"\0")
    return next((word.partition(b"=")[2].decode() for word in words if word.startswith(b"HOSTNAME=")), "")


def _workers(pod_uid: str) -> list[int]:
    """A pod's worker processes: its control group is named for its uid."""
    own = f"pod{pod_uid}".encode()
    return [pid for pid, words in processes() if b"headgate_worker" in words and own in read(pid, "cgroup")]


def _unready(stack: Stack) -> str | None:
    try:
        stack.kubectl("get", "--raw=/readyz")
    except RuntimeError as error:
        return str(error)
    return None


def _nft(rules: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
