"""What a review gets for an answer, byte for byte where the API server reads it."""

from __future__ import annotations

import json

import pytest

from policies import MemorySnapshot
from tests.policies.objects import cluster_policy, policy, pool, queue
from tests.webhooks.reviews import UID, Answer, app, ask, call, review, scale_review
from webhooks.decider import Decider
from webhooks.readiness import Need, Readiness

OVER = policy(limits={"maxReplicasPerPool": 20})


async def test_what_is_fine_is_allowed_in_the_fewest_words() -> None:
    answer = await ask(app(queue()), "/validate", review(pool()))
    assert json.loads(answer.body) == {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {"uid": UID, "allowed": True},
    }
    assert answer.headers == {"content-type": "application/json", "content-length": str(len(answer.body))}


@pytest.mark.parametrize("path", ["/validate", "/default"])
async def test_a_denial_carries_status_causes_warnings_and_notes(path: str) -> None:
    world = app(cluster_policy(limits={"maxReplicasPerPool": 20}))
    response = (await ask(world, path, review(pool(scaling={"maxReplicas": 40})))).response
    detail = "Invalid value: 40: at most 20 (ClusterPolicy guardrails, limits.maxReplicasPerPool)"
    assert response == {
        "uid": UID,
        "allowed": False,
        "status": {
            "status": "Failure",
            "code": 422,
            "reason": "Invalid",
            "message": f'WorkerPool.work.headgate.dev "thumbnails" is invalid: spec.scaling.maxReplicas: {detail}',
            "details": {
                "group": "work.headgate.dev",
                "kind": "WorkerPool",
                "name": "thumbnails",
                "causes": [
                    {"reason": "FieldValueInvalid", "field": "spec.scaling.maxReplicas", "message": detail},
                ],
            },
        },
        "warnings": ['spec.queues[0].name: no Queue "thumbnails" in media yet'],
        "auditAnnotations": {"policies": "ClusterPolicy/guardrails=uid-guardrails@1"},
    }


@pytest.mark.parametrize(("manager", "want_told"), [("argocd-controller", False), ("kubectl-edit", True)])
async def test_the_client_says_under_whose_name_it_writes(manager: str, want_told: bool) -> None:
    owned = {"manager": "argocd-controller", "operation": "Apply", "fieldsV1": {"f:spec": {"f:priority": {}}}}
    old = pool(priority=3, metadata={"managedFields": [owned]})
    asked = review(pool(), old, options={"kind": "UpdateOptions", "fieldManager": manager})
    response = (await ask(app(queue()), "/validate", asked)).response
    assert bool(response.get("warnings")) is want_told


@pytest.mark.parametrize(
    ("age", "path", "want_warnings"),
    [
        pytest.param(119.0, "/validate", None, id="a sign of life two minutes ago is fine"),
        pytest.param(
            200.0,
            "/validate",
            ["decided by what was known 200 s ago: Headgate's webhook hears nothing from the API server"],
            id="an older snapshot is decided from, and said",
        ),
        pytest.param(200.0, "/default", None, id="once a request"),
    ],
)
async def test_an_old_snapshot(age: float, path: str, want_warnings: list[str] | None) -> None:
    snapshot = MemorySnapshot(lambda: age)
    snapshot.put("Queue", queue())
    response = (await ask(app(decide=Decider(snapshot)), path, review(pool()))).response
    assert (response["allowed"], response.get("warnings")) == (True, want_warnings)


async def test_schema_and_policy_findings_come_in_one_answer() -> None:
    broken = pool(scaling={"maxReplicas": 40, "minReplicas": -1}, concurrency="many")
    response = (await ask(app(queue(), OVER), "/default", review(broken))).response
    assert [cause["field"] for cause in response["status"]["details"]["causes"]] == [
        "spec.scaling.minReplicas",
        "spec.concurrency",
        "spec.scaling.maxReplicas",
    ]


async def test_default_patches_and_leaves_warnings_to_validate() -> None:
    world = app(policy(defaults={"labels": {"team": "media"}}))
    defaulted = await ask(world, "/default", review(pool()))
    assert defaulted.operations == [{"op": "add", "path": "/metadata/labels", "value": {"team": "media"}}]
    assert defaulted.response.keys() == {"uid", "allowed", "patch", "patchType"}
    validated = await ask(world, "/validate", review(pool()))
    assert validated.response.keys() == {"uid", "allowed", "warnings", "auditAnnotations"}


async def test_validate_judges_the_object_as_it_stands() -> None:
    world = app(queue(), policy(defaults={"labels": {"team": "media"}}, requiredLabels=[{"key": "team"}]))
    assert (await ask(world, "/default", review(pool()))).response["allowed"]
    assert not (await ask(world, "/validate", review(pool()))).response["allowed"]


@pytest.mark.parametrize(
    ("name", "new", "old", "want_denied"),
    [
        pytest.param("thumbnails", 21, 0, True, id="above the limit"),
        pytest.param("thumbnails", 20, 0, False, id="at the limit"),
        pytest.param("thumbnails", 25, 30, False, id="coming nearer"),
        pytest.param("unknown", 21, 0, True, id="a pool the snapshot does not know yet"),
    ],
)
async def test_scale(name: str, new: int, old: int, want_denied: bool) -> None:
    response = (await ask(app(pool(), OVER), "/validate", scale_review(name, new, old))).response
    assert response["allowed"] is not want_denied
    if want_denied:
        message = "Invalid value: 21: at most 20 (Policy limits, limits.maxReplicasPerPool)"
        assert response["status"]["message"] == (
            f'WorkerPool.work.headgate.dev "{name}" is invalid: spec.hold.replicas: {message}'
        )


async def test_scale_is_judged_with_the_labels_of_its_pool() -> None:
    gold = policy(match={"labelSelector": {"matchLabels": {"tier": "gold"}}}, limits={"maxReplicasPerPool": 5})
    plain, golden = pool("plain"), pool("golden", metadata={"labels": {"tier": "gold"}})
    world = app(plain, golden, gold)
    assert (await ask(world, "/validate", scale_review("plain", 6, 0))).response["allowed"]
    assert not (await ask(world, "/validate", scale_review("golden", 6, 0))).response["allowed"]


async def test_scaling_above_the_pools_own_maximum_is_allowed_with_a_warning() -> None:
    response = (await ask(app(pool()), "/validate", scale_review("thumbnails", 11, 0))).response
    assert response["warnings"] == ["spec.hold.replicas: 11 is above scaling.maxReplicas: the pool is held at 10"]


async def test_scaling_a_pool_whose_hold_is_over_says_that_it_has_no_effect() -> None:
    over = pool(hold={"replicas": 2, "until": "2020-01-01T00:00:00Z"})
    response = (await ask(app(over), "/validate", scale_review("thumbnails", 3, 2))).response
    assert response["warnings"] == ["spec.hold.until: is over since 2020-01-01T00:00:00Z, so the pool scales by itself"]


@pytest.mark.parametrize("path", ["/validate", "/default"])
async def test_deletes_progress(path: str) -> None:
    assert (await ask(app(OVER), path, review(None, pool(scaling={"maxReplicas": 40})))).response["allowed"]


async def test_finalizers_of_an_object_that_is_leaving_can_be_removed() -> None:
    leaving = pool(scaling={"maxReplicas": 40}, metadata={"deletionTimestamp": "2026-11-23T12:00:00Z"})
    assert (await ask(app(OVER), "/validate", review(leaving, leaving))).response["allowed"]


async def test_the_namespace_of_the_request_counts_where_the_object_names_none() -> None:
    nameless = pool(scaling={"maxReplicas": 40})
    del nameless["metadata"]["namespace"]
    assert not (await ask(app(OVER), "/validate", review(nameless, namespace="media"))).response["allowed"]


async def test_many_warnings_are_cut_before_the_api_server_would_cut_them() -> None:
    many = pool(queues=tuple(f"missing-queue-with-quite-a-long-name-{number}" for number in range(50)))
    warnings = (await ask(app(queue()), "/validate", review(many))).response["warnings"]
    assert sum(map(len, warnings)) <= 4096
    assert all(0 < len(warning) <= 120 and "\n" not in warning for warning in warnings)


async def test_a_stopping_server_answers_and_lets_the_connection_go() -> None:
    readiness = Readiness(frozenset())
    readiness.stop()
    answer = await ask(app(queue(), readiness=readiness), "/validate", review(pool()))
    assert answer.response["allowed"]
    assert answer.headers["connection"] == "close"


async def test_probes() -> None:
    readiness = Readiness()
    application = app(readiness=readiness)

    async def probe(path: str) -> tuple[int, str]:
        answer: Answer = await call(application, path, method="GET", query=b"")
        return answer.status, answer.body.decode()

    assert await probe("/healthz") == (200, "ok")
    assert await probe("/readyz") == (
        503,
        "waiting for: own certificate verified, policies compiled, snapshot synced",
    )
    for need in Need:
        readiness.meet(need)
    assert await probe("/readyz") == (200, "ready")
    readiness.stop()
    assert await probe("/readyz") == (503, "stopping")
    assert await probe("/healthz") == (200, "ok")
