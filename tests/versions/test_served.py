"""Both versions at a real API server: whatever is written in one is read in the other, and stays what it was."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import pytest

from crds import meta
from crds.conversion.kept import ANNOTATION
from tests.cluster.cluster import Cluster
from tests.crds import beta, seeds
from tests.crds.apiserver import Object
from tests.crds.objects import pool, queue, redis
from tests.versions.api import MERGE, Api, collection, path
from tests.versions.converters import Converter
from tests.webhooks.kubectl import apply, kubectl

pytestmark = pytest.mark.control_plane

BETA_KINDS = tuple(kind.kind for kind in meta.BETA_KINDS)


def named(obj: Object, name: str) -> Object:
    return {**copy.deepcopy(obj), "metadata": {"name": name}}


@pytest.mark.parametrize("kind", BETA_KINDS)
def test_what_is_written_in_v1beta1_comes_back_as_written(kind: str, api: Api, namespace: str) -> None:
    for number, obj in enumerate(beta.BY_KIND[kind]):
        obj = named(obj, f"{namespace}-{number}")
        assert api.post(obj, namespace, "?fieldValidation=Strict").status == 201

        back = api.get(obj, namespace, meta.BETA)

        assert back["spec"] == obj["spec"]
        assert "annotations" not in back["metadata"]


@pytest.mark.parametrize("kind", BETA_KINDS)
def test_what_is_written_in_v1_is_editable_in_v1beta1(kind: str, api: Api, namespace: str) -> None:
    for number, obj in enumerate(seeds.BY_KIND[kind]):
        obj = named(obj, f"{namespace}-{number}")
        created = api.post(obj, namespace)
        assert created.status == 201, created.body

        labelled = api.merge(obj, namespace, meta.BETA, {"metadata": {"labels": {"team": "media"}}})

        assert labelled.status == 200, labelled.body
        stored = api.get(obj, namespace, meta.VERSION)
        assert stored["spec"] == created.body["spec"]
        assert stored["metadata"]["labels"] == {"team": "media"}
        assert ANNOTATION not in stored["metadata"].get("annotations", {})


def test_a_version_is_deprecated_with_a_warning(api: Api, namespace: str) -> None:
    (warning,) = api.post(beta.queue(), namespace).warnings

    assert "work.headgate.dev/v1beta1 Queue is deprecated; use work.headgate.dev/v1 Queue" in warning


def test_lists_and_watches_are_in_the_version_they_ask_for(api: Api, namespace: str) -> None:
    for obj in (beta.queue(rateLimit={"requestsPerSecond": 5}), queue("mails", rateLimit={"jobs": 60, "per": "1m"})):
        assert api.post(obj, namespace).status == 201
    for version, want in (
        (meta.VERSION, {"thumbnails": {"jobs": 5, "per": "1s"}, "mails": {"jobs": 60, "per": "1m"}}),
        (meta.BETA, {"thumbnails": {"requestsPerSecond": 5}, "mails": {"requestsPerSecond": 1, "burstCapacity": 60}}),
    ):
        listing = api.ask("GET", collection("Queue", namespace, version)).body
        assert {item["metadata"]["name"]: item["spec"]["rateLimit"] for item in listing["items"]} == want
        since = listing["metadata"]["resourceVersion"]
        api.merge(queue("mails"), namespace, meta.VERSION, {"metadata": {"labels": {"seen-by": version}}})

        events = list(api.events("Queue", namespace, version, since))

        assert [(event["type"], event["object"]["spec"]["rateLimit"]) for event in events] == [
            ("MODIFIED", want["mails"])
        ]
        assert events[0]["object"]["apiVersion"] == f"{meta.GROUP}/{version}"


def test_server_side_apply_in_both_versions_by_two_owners(api: Api, namespace: str) -> None:
    mine: Any = named(beta.queue(rateLimit={"requestsPerSecond": 5, "enabled": True}), "mails")
    theirs = {**queue("mails"), "spec": {"maxJobDuration": "2h"}}
    assert api.apply(mine, namespace, "beta-owner").status == 201
    assert api.apply(theirs, namespace, "v1-owner").status == 200
    both = api.get(mine, namespace, meta.VERSION)["spec"]
    assert (both["maxJobDuration"], both["rateLimit"]) == ("2h", {"jobs": 5, "per": "1s"})

    mine["spec"]["rateLimit"] = {"requestsPerSecond": 7, "enabled": True}
    assert api.apply(mine, namespace, "beta-owner").status == 200
    again = api.apply(mine, namespace, "beta-owner")
    after = api.get(mine, namespace, meta.VERSION)

    assert (after["spec"]["maxJobDuration"], after["spec"]["rateLimit"]) == ("2h", {"jobs": 7, "per": "1s"})
    assert again.body["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"], "nothing changed"
    del mine["spec"]["rateLimit"]
    assert api.apply(mine, namespace, "beta-owner").status == 200
    assert "rateLimit" not in api.get(mine, namespace, meta.VERSION)["spec"]


def test_client_side_apply_of_the_old_manifest_changes_nothing_twice(cluster: Cluster, namespace: str) -> None:
    manifest = {**beta.POOLS[2], "metadata": {"name": "resize", "namespace": namespace}}

    assert "created" in apply(cluster, manifest).out
    assert "unchanged" in apply(cluster, manifest).out


def test_replicas_never_become_a_hold(api: Api, namespace: str) -> None:
    obj = beta.pool(replicas=3)
    assert api.post(obj, namespace).status == 201

    api.merge(obj, namespace, meta.BETA, {"spec": {"replicas": 0}})

    stored = api.get(obj, namespace, meta.VERSION)["spec"]
    assert ("hold" in stored, stored["scaling"]) == (False, {"minReplicas": 0, "maxReplicas": 1})
    assert api.ask("GET", path(obj, namespace, meta.BETA) + "/scale").status == 404


def test_one_object_that_is_too_large_spoils_no_list(api: Api, namespace: str) -> None:
    noise = Random(1)
    large = pool("large", args=[noise.randbytes(3000).hex() for _ in range(120)])
    for obj in (large, pool("small")):
        assert api.post(obj, namespace).status == 201

    listing = api.ask("GET", collection("WorkerPool", namespace, meta.BETA))
    refused = api.merge(large, namespace, meta.BETA, {"metadata": {"labels": {"team": "media"}}})

    assert [item["metadata"]["name"] for item in listing.body["items"]] == ["large", "small"]
    assert refused.status == 500
    assert "this WorkerPool is too large for v1beta1 to carry all of it: edit it in v1" in refused.body["message"]
    assert api.get(large, namespace, meta.VERSION)["spec"]["args"] == large["spec"]["args"]


def test_status_of_v1_is_read_in_v1beta1(api: Api, namespace: str) -> None:
    obj = queue("mails")
    api.post(obj, namespace)
    api.ask("PATCH", path(obj, namespace) + "/status", {"status": {"waiting": 7}}, MERGE)

    assert api.get(obj, namespace, meta.BETA)["status"]["waiting"] == 7


def test_what_v1_says_of_the_name_at_the_broker_holds_in_v1beta1(api: Api, namespace: str) -> None:
    obj = queue("mails", queueName="mail", broker=redis(layout="Stream"))
    api.post(obj, namespace)

    answer = api.merge(obj, namespace, meta.BETA, {"spec": {"name": "other"}})

    assert (answer.status, answer.fields) == (422, ["spec.name"])


def counted(converter: Converter) -> dict[str, float]:
    lines = converter.tell("/metrics").splitlines()
    return {line.split()[0]: float(line.split()[1]) for line in lines if not line.startswith("#")}


def test_a_converter_without_a_cluster_tells_what_it_did(converter: Converter, api: Api, namespace: str) -> None:
    before = counted(converter)
    api.post(beta.queue(), namespace)
    after = counted(converter)

    assert after["headgate_converter_objects_total"] > before["headgate_converter_objects_total"]
    for outcome in ("panic", "bad_request"):
        series = f'headgate_converter_reviews_total{{outcome="{outcome}"}}'
        assert after[series] == before[series]


def test_kubectl_shows_the_columns_of_each_version(cluster: Cluster, api: Api, namespace: str) -> None:
    api.post(beta.pool(), namespace)

    done = kubectl(cluster, "get", "workerpools.v1beta1.work.headgate.dev", "-n", namespace)

    assert done.out.splitlines()[0].split() == ["NAME", "QUEUE", "WANT", "READY", "STATE", "AGE"]
    assert pool()["spec"]["queues"][0]["name"] in done.out
