"""Queues and the size of pools, as seen through a real API server while a real Redis fails in every way."""

from __future__ import annotations

import base64
import json
import secrets
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import redis as redis_client

from crds import meta
from tests.cluster import redis, state
from tests.cluster.cluster import Cluster
from tests.cluster.redis import Redis
from tests.reconciler.builders import metadata, pool, queue
from tests.reconciler.objects import Objects
from tests.reconciler.reconcilers import Reconciler, Reconcilers

pytestmark = pytest.mark.control_plane

PASSWORD = "correct-horse"
LEASE = ("--lease-duration", "4", "--renew-deadline", "3", "--retry-period", "0.5")
QUICK = ("--local-brokers", "true", "--poll", "0.2", *LEASE)
PROGRAM = "tests.reconciler.phases.program"


@dataclass
class Town:
    """A namespace with a reconciler, which the module's tests share; `one` is the process that runs now."""

    cluster: Cluster
    namespace: str
    reconcilers: Reconcilers
    one: Reconciler

    def failures(self) -> list[str]:
        """What the reconciler itself has logged as an error; kopf says so of every hiccup of the API server."""
        lines = [line for line in self.one.lines() if line["logger"].startswith("reconciler")]
        return [line["message"] for line in lines if line["level"] == "error"]


@pytest.fixture(scope="module")
def town(kinds: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    namespace = f"town-{secrets.token_hex(4)}"
    kinds.kubectl("create", "namespace", namespace)
    reconcilers = Reconcilers(kinds.kubeconfig, namespace, tmp_path_factory.mktemp("town"), PROGRAM)
    try:
        yield Town(kinds, namespace, reconcilers, reconcilers.start(*QUICK))
    finally:
        reconcilers.kill_all()
        kinds.kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.fixture
def server(servers: state.State) -> Iterator[Redis]:
    with redis.running(servers, password=PASSWORD) as server:
        yield server


class Shop:
    """One queue with a pool and a Secret of its own, all by one name; looked at as people do."""

    def __init__(self, town: Town, server: Redis) -> None:
        self.town, self.server = town, server
        self.name = f"s-{secrets.token_hex(3)}"
        self.objects = Objects(town.cluster, town.namespace)

    def open(self, password: str = PASSWORD, trusted: str = "true") -> None:
        broker = {
            "connectionSecretRef": {"name": self.name},
            "redis": {
                "layout": "List",
                "url": f"redis://{self.server.address}:{self.server.port}/0",
                "processingKey": "doing",
            },
        }
        spec = {"queueName": "orders", "broker": broker, "deadLetter": {"alertAbove": 1}}
        packers = pool(self.name, self.name)
        packers["spec"] |= {"concurrency": 4}
        self.objects.apply(self.secret(password, trusted), queue(self.name) | {"spec": spec}, packers)

    def secret(self, password: str, trusted: str = "true") -> dict[str, Any]:
        labels = {meta.LABEL_BROKER_CREDENTIALS: trusted}
        data = {"password": base64.b64encode(password.encode()).decode()}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata(self.name, labels=labels), "data": data}

    def client(self) -> redis_client.Redis:
        return redis_client.Redis.from_url(self.server.url)

    def until(self, what: str, resource: str, **want: Any) -> dict[str, Any]:
        """Waits until these fields of the status are so; `state` is the reason of Ready, as kubectl shows it."""
        seen: dict[str, Any] = {}

        def probe() -> str | None:
            nonlocal seen
            seen = self.objects.get(resource, self.name).get("status", {})
            conditions = {held["type"]: held for held in seen.get("conditions", ())}
            seen["state"] = conditions.get("Ready", {}).get("reason")
            return None if want.items() <= seen.items() else json.dumps(seen)

        self.town.reconcilers.until(self.town.one, what, probe)
        return seen

    def until_queue(self, what: str, **want: Any) -> dict[str, Any]:
        return self.until(what, "queue", **want)

    def until_pool(self, what: str, **want: Any) -> dict[str, Any]:
        return self.until(what, "workerpool", **want)

    def until_event(self, reason: str, message: str) -> None:
        def probe() -> str | None:
            seen = [(event["reason"], event["message"]) for event in self.objects.all("events")]
            return None if (reason, message) in seen else str(seen)

        self.town.reconcilers.until(self.town.one, f"the Event {reason}", probe)

    def ready(self) -> dict[str, Any]:
        conditions = self.objects.get("queue", self.name)["status"]["conditions"]
        return next(dict(held) for held in conditions if held["type"] == "Ready")

    def readings(self) -> int:
        """How often the length of a list was asked for, by any reading of any queue of this server."""
        with self.client() as client:
            calls: int = client.info("commandstats").get("cmdstat_llen", {}).get("calls", 0)
            return calls

    def versions(self) -> list[str]:
        return [self.objects.get(kind, self.name)["metadata"]["resourceVersion"] for kind in ("queue", "workerpool")]


@pytest.fixture
def shop(town: Town, server: Redis) -> Iterator[Shop]:
    shop = Shop(town, server)
    yield shop
    for kind in ("workerpool", "queue", "secret"):
        town.cluster.kubectl("-n", town.namespace, "delete", kind, shop.name, "--ignore-not-found")


def test_a_backlog_is_seen_and_followed(shop: Shop) -> None:
    shop.open()
    shop.until_queue("the queue is read", state="Observed", waiting=0, running=0)
    shop.until_pool("the pool has its minimum", desiredReplicas=1, summary="at minReplicas 1")
    with shop.client() as client:
        client.lpush("orders", *(json.dumps({"id": number}) for number in range(17)))
        seen = shop.until_pool("the pool follows", desiredReplicas=5, summary=f"follows the jobs of {shop.name}")
        assert (seen["decision"]["from"], seen["decision"]["to"]) == (1, 5)
        client.lpush("orders:dead", "1", "2")
    shop.until_event("DeadLettersAppeared", "Dead letters: 2, more than 1")
    shop.until_event("ScaledUp", f"From 1 to 5 replicas: follows the jobs of {shop.name}")


def test_every_fault_of_the_broker_is_told_in_its_own_words_holds_the_pool_and_passes(shop: Shop) -> None:
    shop.open()
    with shop.client() as client:
        client.lpush("orders", *range(17))
    shop.until_pool("the pool follows", desiredReplicas=5)

    shop.server.stop()
    shop.until_queue("the outage is told", state="BrokerUnreachable")
    assert shop.ready()["message"] == f"127.0.0.1:{shop.server.port}: Connection refused"
    shop.until_pool("it holds", desiredReplicas=5, summary=f"not shrinking: {shop.name} is unreadable")

    shop.server.start()
    shop.until_queue("the failover is told", state="FailoverSuspected", waiting=0)
    shop.until_pool("it holds", desiredReplicas=5, summary=f"not shrinking: {shop.name} is in doubt")

    with shop.client() as client:
        client.set("orders", "no list")
        shop.until_queue("the wrong type is told", state="WrongType")
        assert shop.ready()["message"].startswith("LLEN orders: WRONGTYPE Operation against a key")
        client.delete("orders")
    shop.until_queue("that has passed", state="FailoverSuspected")
    shop.until_event("BrokerRecovered", "The broker can be read again")


def test_a_pool_is_left_to_another_autoscaler_until_that_is_gone(shop: Shop) -> None:
    """Who wrote the number is told by the managed fields, without a time and also when it is gone."""
    shop.open()
    shop.until_pool("the pool has its minimum", desiredReplicas=1)
    owner = shop.objects.get("workerpool", shop.name)["metadata"]
    labels = {meta.LABEL_POOL: shop.name, meta.LABEL_POOL_UID: owner["uid"]}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "worker", "image": "w:1"}]}}
    child = {"replicas": 1, "paused": True, "selector": {"matchLabels": labels}, "template": pod}
    shop.objects.apply(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(shop.name, labels=labels), "spec": child}
    )
    scaled = ("patch", "deployment", shop.name, "--type=merge", "-p", json.dumps({"spec": {"replicas": 3}}))
    who = ("--subresource=scale", "--field-manager=kube-controller-manager")
    shop.town.cluster.kubectl("-n", shop.town.namespace, *scaled, *who)
    shop.until_pool("it is left alone", desiredReplicas=3, summary="left to another autoscaler")
    shop.town.one.stop(signal.SIGKILL)
    shop.town.one = shop.town.reconcilers.start(*QUICK)
    shop.until_pool("none is found for it, so it comes back", summary="shrinks once the load stays low")


def test_a_wrong_password_is_told_and_a_right_one_is_noticed(shop: Shop) -> None:
    shop.open(password="wrong-horse")
    shop.until_queue("the refusal is told", state="CredentialsRefused")
    assert shop.ready()["message"] == "WRONGPASS invalid username-password pair or user is disabled."
    shop.until_pool("it holds", desiredReplicas=1)
    shop.objects.apply(shop.secret(PASSWORD))
    shop.until_queue("the right one is noticed", state="Observed", waiting=0)


def test_a_secret_that_is_not_meant_for_brokers_is_not_sent(shop: Shop) -> None:
    shop.open(trusted="false")
    shop.until_queue("the distrust is told", state="SecretNotTrusted")
    shop.objects.apply(shop.secret(PASSWORD))
    shop.until_queue("the label is noticed", state="Observed")


def test_nothing_is_written_while_nothing_changes(shop: Shop) -> None:
    shop.open()
    one = shop.town.one
    shop.until_queue("the queue is read", state="Observed")
    shop.until_pool("the pool has its minimum", desiredReplicas=1)
    versions = shop.versions()
    reached = shop.readings() + 20
    shop.town.reconcilers.until(one, "20 more readings", lambda: None if shop.readings() > reached else "fewer")
    assert shop.versions() == versions
    assert shop.town.failures() == []


def test_killed_and_started_again_it_goes_on_where_it_was(shop: Shop) -> None:
    shop.open()
    with shop.client() as client:
        client.lpush("orders", *range(17))
    before = shop.until_pool("the pool follows", desiredReplicas=5)
    shop.town.one.stop(signal.SIGKILL)
    with shop.client() as client:
        client.delete("orders")
        client.lpush("orders", *range(3))
    shop.town.one = shop.town.reconcilers.start(*QUICK)
    shop.until_pool("it holds at first", desiredReplicas=5, summary="shrinks once the load stays low")
    after = shop.objects.get("workerpool", shop.name)["status"]
    assert after["desiredReplicas"] == before["desiredReplicas"]
    assert shop.town.failures() == []


def test_a_queue_can_be_deleted_while_its_broker_is_away(shop: Shop) -> None:
    shop.open()
    shop.until_queue("the queue is read", state="Observed")
    shop.server.stop()
    shop.until_queue("the outage is told", state="BrokerUnreachable")
    shop.objects.delete("queue", shop.name)
    shop.until_pool("the pool hears of it", summary=f"not shrinking: {shop.name} does not exist", desiredReplicas=1)
