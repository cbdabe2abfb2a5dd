"""What people see who use kubectl against an API server with Headgate's webhook in front of it."""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from typing import Any

import pytest

from tests.cluster.waiting import until
from tests.policies import objects
from tests.webhooks.install import Install
from tests.webhooks.kubectl import Done, Object, apply, kubectl

pytestmark = pytest.mark.control_plane


def made(obj: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    """An object as a user writes it: nothing in its metadata that the API server gives."""
    metadata = {key: value for key, value in obj["metadata"].items() if key not in ("uid", "generation", "namespace")}
    return {**obj, "metadata": {**metadata, "namespace": namespace} if namespace else metadata}


def pool(team: str, **spec: Any) -> dict[str, Any]:
    return made(objects.pool(**spec), team)


def queue(team: str, name: str = "thumbnails", **spec: Any) -> dict[str, Any]:
    """A queue at a broker of the team's own: two namespaces with the same jobs are warned about."""
    asked = made(objects.queue(name, **spec), team)
    asked["spec"]["broker"]["redis"]["url"] = f"redis://redis.{team}.svc:6379/0"
    return asked


def policy(team: str, name: str = "limits", **spec: Any) -> dict[str, Any]:
    return made(objects.policy(name, **spec), team)


@contextlib.contextmanager
def guardrails(install: Install, team: str, **spec: Any) -> Iterator[None]:
    """A ClusterPolicy `guardrails` for the namespace of one test."""
    only = {"namespaceSelector": {"matchLabels": {"team": team}}}
    cluster_policy = made(objects.cluster_policy(match=only, **spec))
    assert apply(install.cluster, cluster_policy).code == 0
    try:
        yield
    finally:
        kubectl(install.cluster, "delete", "clusterpolicies.work.headgate.dev", "guardrails")


def refused(install: Install, *tried: Object) -> Done:
    """The refusal, once it comes: a policy is in force as soon as the watch has told the webhook of it."""
    seen: list[Done] = []

    def probe() -> str | None:
        seen.append(apply(install.cluster, *tried, flags=("--dry-run=server",)))
        return None if seen[-1].code != 0 else seen[-1].out

    until("the API server refuses", probe, 20)
    return seen[-1]


def test_a_denial_lists_everything_in_kubectls_own_words(install: Install, team: str) -> None:
    spec: dict[str, Any] = {
        "limits": {"maxReplicasPerPool": 20},
        "allowedImages": ["registry.acme.io/"],
        "requiredLabels": [{"key": "team"}],
    }
    with guardrails(install, team, **spec):
        done = refused(install, pool(team, image="docker.io/acme/resize:2.4.1", scaling={"maxReplicas": 40}))
    assert done.err.splitlines() == [
        f'Warning: spec.queues[0].name: no Queue "thumbnails" in {team} yet',
        'The WorkerPool "thumbnails" is invalid: ',
        "* spec.scaling.maxReplicas: Invalid value: 40: at most 20"
        " (ClusterPolicy guardrails, limits.maxReplicasPerPool)",
        '* spec.image: Unsupported value: "docker.io/acme/resize:2.4.1": must start with registry.acme.io/'
        " (ClusterPolicy guardrails, allowedImages)",
        "* metadata.labels[team]: Required value: name the owning team (ClusterPolicy guardrails, requiredLabels)",
    ]


def test_schema_cel_and_policy_findings_come_in_one_answer(install: Install, team: str) -> None:
    assert apply(install.cluster, queue(team), policy(team, limits={"maxReplicasPerPool": 20})).code == 0
    refused(install, pool(team, scaling={"maxReplicas": 40}))
    wrong = pool(team, scaling={"maxReplicas": 40, "minReplicas": 41}, concurrency="many", maxInFlight=0)
    done = apply(install.cluster, wrong)
    assert done.err.splitlines() == [
        'The WorkerPool "thumbnails" is invalid: ',
        '* spec.concurrency: Invalid value: "many": must be an integer',
        "* spec.maxInFlight: Invalid value: 0: at least 1",
        "* spec.scaling.minReplicas: Invalid value: 41: must not be more than maxReplicas, 40",
        "* spec.scaling.maxReplicas: Invalid value: 40: at most 20 (Policy limits, limits.maxReplicasPerPool)",
        "* spec.scaling.minReplicas: Invalid value: 41: at most 20 (Policy limits, limits.maxReplicasPerPool)",
    ]


def test_a_rule_in_cel_is_checked_at_apply_and_asked_from_then_on(install: Install, team: str) -> None:
    rule = {
        "name": "racks",
        "kinds": ["WorkerPool"],
        "fieldPath": "spec.scaling.maxReplicas",
        "message": "racks of four",
    }
    wrong = policy(team, rules=[{**rule, "expression": "object.spec.scaling.maxReplica % 4 == 0"}])
    assert (
        refused(install, wrong)
        .err.rstrip()
        .endswith(
            'spec.rules[0].expression: Invalid value: "object.spec.scaling.maxReplica % 4 == 0": line 1, column 21:'
            " WorkerPool.spec.scaling has no field maxReplica; did you mean maxReplicas?"
        )
    )

    right = policy(team, rules=[{**rule, "expression": "object.spec.scaling.maxReplicas % 4 == 0"}])
    assert apply(install.cluster, right, queue(team)).code == 0

    assert (
        refused(install, pool(team, scaling={"maxReplicas": 10}))
        .err.rstrip()
        .endswith("spec.scaling.maxReplicas: Invalid value: 10: racks of four (Policy limits, rules.racks)")
    )
    assert apply(install.cluster, pool(team, scaling={"maxReplicas": 12}), flags=("--dry-run=server",)).code == 0


def test_several_objects_are_refused_with_all_their_findings(install: Install, team: str) -> None:
    assert apply(install.cluster, policy(team, limits={"maxReplicasPerPool": 5})).code == 0
    first = pool(team, scaling={"maxReplicas": 10, "minReplicas": 9})
    refused(install, first)
    second = {**first, "metadata": {**first["metadata"], "name": "second"}}
    done = apply(install.cluster, first, second)
    findings = (
        "[spec.scaling.maxReplicas: Invalid value: 10: at most 5 (Policy limits, limits.maxReplicasPerPool), "
        "spec.scaling.minReplicas: Invalid value: 9: at most 5 (Policy limits, limits.maxReplicasPerPool)]"
    )
    for name in ("thumbnails", "second"):
        assert f'WorkerPool.work.headgate.dev "{name}" is invalid: {findings}' in done.err


def test_reserved_names_and_what_is_ours(install: Install, team: str) -> None:
    done = apply(install.cluster, queue(team, queueName="Admin", metadata={"labels": {"headgate.dev/pool": "x"}}))
    assert done.err.splitlines() == [
        'The Queue "thumbnails" is invalid: ',
        '* spec.queueName: Invalid value: "Admin": reserved at a broker with layout List; choose another queueName',
        "* metadata.labels[headgate.dev/pool]: Forbidden: headgate.dev/ is set by Headgate only; remove it",
    ]


def test_a_limit_counts_queues(install: Install, team: str) -> None:
    assert apply(install.cluster, policy(team, limits={"maxQueuesPerNamespace": 1}), queue(team)).code == 0
    done = refused(install, queue(team, "another"))
    assert done.err == (
        f'The Queue "another" is invalid: metadata.namespace: Forbidden: namespace {team} has 1 of at most 1 queues'
        " (Policy limits, limits.maxQueuesPerNamespace)\n"
    )
    assert apply(install.cluster, queue(team, paused=True)).code == 0, "the queue that is there can be changed"


def test_rates(install: Install, team: str) -> None:
    assert apply(install.cluster, policy(team, limits={"maxRate": {"jobs": 5, "per": "1s"}})).code == 0
    done = refused(install, queue(team, rateLimit={"jobs": 600, "per": "1m"}))
    assert done.err == (
        'The Queue "thumbnails" is invalid: spec.rateLimit: Invalid value: "600 per 1m": at most 5 per 1s'
        " (Policy limits, limits.maxRate)\n"
    )
    assert apply(install.cluster, queue(team, rateLimit={"jobs": 300, "per": "1m"})).code == 0


def scale(install: Install, team: str, replicas: int) -> Done:
    return kubectl(
        install.cluster, "scale", "-n", team, "workerpools.work.headgate.dev/thumbnails", f"--replicas={replicas}"
    )


def test_kubectl_scale_is_held_to_the_limits(install: Install, team: str) -> None:
    assert apply(install.cluster, queue(team), policy(team, limits={"maxReplicasPerPool": 20}), pool(team)).code == 0
    refused(install, pool(team, scaling={"maxReplicas": 21}))
    done = scale(install, team, 21)
    assert done.err == (
        'The WorkerPool "thumbnails" is invalid: spec.hold.replicas: Invalid value: 21: at most 20'
        " (Policy limits, limits.maxReplicasPerPool)\n"
    )
    done = scale(install, team, 15)
    assert (done.code, done.out) == (0, "workerpool.work.headgate.dev/thumbnails scaled\n")
    assert done.err == "Warning: spec.hold.replicas: 15 is above scaling.maxReplicas: the pool is held at 10\n"


def test_warnings_are_one_line_each(install: Install, team: str) -> None:
    assert apply(install.cluster, queue(team)).code == 0
    misspelt = pool(team, queues=("thumbnial", "thumbnals"))

    def probe() -> str | None:
        done = apply(install.cluster, misspelt, flags=("--dry-run=server",))
        assert done.code == 0, done.err
        return None if "did you mean" in done.err else done.err

    until("the webhook knows the queue", probe, 20)
    done = apply(install.cluster, misspelt)
    assert done.err.splitlines() == [
        f'Warning: spec.queues[0].name: no Queue "thumbnial" in {team}; did you mean "thumbnails"?',
        f'Warning: spec.queues[1].name: no Queue "thumbnals" in {team}; did you mean "thumbnails"?',
    ]


def test_labels_and_persisted_defaults_are_written(install: Install, team: str) -> None:
    defaults = {"labels": {"team": "media"}, "retry": {"maxRetries": 5, "backoff": {"max": "5m"}}}
    persisting = policy(team, defaulting="Persist", defaults=defaults, limits={"maxQueuesPerNamespace": 1})
    assert apply(install.cluster, queue(team, "early"), persisting).code == 0
    refused(install, queue(team, "late"))
    kubectl(install.cluster, "delete", "-n", team, "queues.work.headgate.dev", "early")
    until("the webhook forgot the queue", lambda: apply(install.cluster, queue(team, "late")).err or None, 20)
    stored = kubectl(install.cluster, "get", "-n", team, "queues.work.headgate.dev", "late", "-o", "json").obj
    assert stored["metadata"]["labels"] == {"team": "media"}
    assert stored["spec"]["retry"] == {"maxRetries": 5, "backoff": {"max": "5m"}}
    edited = apply(install.cluster, queue(team, "late", retry={"maxRetries": 0}))
    assert edited.code == 0, edited.err
    stored = kubectl(install.cluster, "get", "-n", team, "queues.work.headgate.dev", "late", "-o", "json").obj
    assert stored["spec"]["retry"] == {"maxRetries": 0, "backoff": {"max": "5m"}}


def test_legacy_may_stay_or_shrink_and_always_leave(install: Install, team: str) -> None:
    keeping = pool(team, scaling={"maxReplicas": 40}, metadata={"finalizers": ["example.com/hold"]})
    assert apply(install.cluster, queue(team), keeping).code == 0
    assert apply(install.cluster, policy(team, limits={"maxReplicasPerPool": 20})).code == 0
    refused(install, pool(team, scaling={"maxReplicas": 41}))
    shrunk = {**keeping, "spec": {**keeping["spec"], "scaling": {"maxReplicas": 30}, "concurrency": 2}}
    assert apply(install.cluster, shrunk).code == 0
    path = f"-n={team}", "workerpools.work.headgate.dev", "thumbnails"
    assert kubectl(install.cluster, "delete", *path, "--wait=false").code == 0
    patch = json.dumps({"metadata": {"finalizers": None}})
    done = kubectl(install.cluster, "patch", *path, "--type=merge", "-p", patch)
    assert done.code == 0, done.err


def test_a_queue_in_use_is_not_deleted(install: Install, team: str) -> None:
    assert apply(install.cluster, queue(team), pool(team)).code == 0
    path = f"-n={team}", "queues.work.headgate.dev"

    def probe() -> str | None:
        done = kubectl(install.cluster, "delete", *path, "thumbnails", "--dry-run=server")
        return None if done.code != 0 else done.out

    until("the webhook knows the pool", probe, 20)
    done = kubectl(install.cluster, "delete", *path, "thumbnails")
    assert done.err == (
        'The Queue "thumbnails" is invalid: metadata.name: Forbidden: WorkerPool thumbnails takes jobs from it:'
        " change or delete what uses it first\n"
    )
    done = kubectl(install.cluster, "delete", *path, "--all")
    assert 'The Queue "thumbnails" is invalid' in done.err, "a collection is reviewed without a name"
    assert kubectl(install.cluster, "delete", f"-n={team}", "workerpools.work.headgate.dev", "thumbnails").code == 0
    until("the queue can go", lambda: kubectl(install.cluster, "delete", *path, "thumbnails").err or None, 20)


def test_lints_are_warnings_of_one_line(install: Install, team: str) -> None:
    celery = queue(team, layout="Celery", maxJobDuration="2h", rateLimit={"jobs": 300, "per": "1m", "burst": 10})
    done = apply(install.cluster, celery)
    assert done.code == 0, done.err
    assert [line for line in done.err.splitlines() if "no effect" not in line] == [
        "Warning: burst 10 < jobs 300: workers that look rarely may stay below 300 per 1m",
        "Warning: rateLimit only bounds scaling with layout Celery: its workers start jobs at their own pace",
        "Warning: maxJobDuration 2h > visibilityTimeout 1h (Celery default): running jobs get delivered twice;"
        " raise it in Celery and here",
    ]


def test_a_policy_that_contradicts_itself_is_refused_at_the_place(install: Install, team: str) -> None:
    exemption = {"name": "import", "rules": ["maxReplicaPerPool"], "reason": "the import of 2026"}
    wrong = policy(
        team,
        limits={"maxRetries": 5},
        defaults={"retry": {"maxRetries": 9}},
        exemptions=[{**exemption, "expirationTime": "2026-01-01T00:00:00Z"}],
        match={"labelSelector": {}},
    )
    done = apply(install.cluster, wrong)
    assert done.err.splitlines() == [
        'The Policy "limits" is invalid: ',
        "* spec.match.labelSelector: Invalid value: an empty selector means everything: leave it out, or say which"
        " labels",
        "* spec.defaults.retry.maxRetries: Invalid value: at most 5, by limits.maxRetries of this policy",
        '* spec.exemptions[0].rules[0]: Unsupported value: "maxReplicaPerPool": no such rule;'
        ' did you mean "maxReplicasPerPool"?',
        '* spec.exemptions[0].expirationTime: Invalid value: "2026-01-01T00:00:00Z": is over already: give it a later'
        " end, or remove the exemption",
    ]


def test_a_policy_says_what_it_would_do(install: Install, team: str) -> None:
    sizes = {"reports": 40, "legacy-import": 40, "another": 40, "small": 4}
    pools = [pool(team, scaling={"maxReplicas": size}) for size in sizes.values()]
    for name, made_pool in zip(sizes, pools, strict=True):
        made_pool["metadata"]["name"] = name
    done = apply(install.cluster, queue(team), *pools)
    assert done.code == 0, done.err
    strict = policy(team, limits={"maxReplicasPerPool": 20})
    told = "Warning: 3 of 4 WorkerPools would violate this policy: another, legacy-import and 1 more (checked 4)"

    def probe() -> str | None:
        done = apply(install.cluster, strict, flags=("--dry-run=server",))
        return None if told in done.err else done.err

    until("the webhook counts four pools", probe, 20)
    done = apply(install.cluster, strict)
    assert (done.code, done.err) == (0, f"{told}\n")
    assert apply(install.cluster, {**strict, "metadata": {**strict["metadata"], "labels": {"a": "b"}}}).err == ""


def test_an_edit_of_a_field_that_git_manages_is_warned_about(install: Install, team: str) -> None:
    manifest = json.dumps(pool(team))
    arguments = "apply", "--server-side", "--field-manager=argocd-controller", "-f", "-"
    assert apply(install.cluster, queue(team)).code == 0
    assert kubectl(install.cluster, *arguments, stdin=manifest).code == 0
    path = f"-n={team}", "workerpools.work.headgate.dev/thumbnails"
    patch = json.dumps({"spec": {"scaling": {"maxReplicas": 12}}})
    warning = "Warning: maxReplicas is managed by argocd-controller; this edit may be reverted: change it in Git"
    done = kubectl(install.cluster, "patch", *path, "--type=merge", "-p", patch)
    assert done.err.splitlines() == [warning]
    again = kubectl(install.cluster, *arguments, "--force-conflicts", stdin=manifest)
    assert (again.code, again.err) == (0, ""), "the tool itself is not warned"
    longer = json.dumps(pool(team, version="2.4.1"))
    assert kubectl(install.cluster, *arguments, stdin=longer).code == 0
    gone = kubectl(install.cluster, *arguments, stdin=manifest)
    assert (gone.code, gone.err) == (0, ""), "nor when a field has left Git"
    until_soon = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    glass = f"headgate.dev/break-glass={until_soon} the database is down"
    assert kubectl(install.cluster, "annotate", *path, glass).code == 0
    assert kubectl(install.cluster, "patch", *path, "--type=merge", "-p", patch).err == ""


def ask(install: Install, method: str, path: str, body: bytes) -> tuple[int, bytes]:
    trusting = ssl.create_default_context(cadata=install.authority.decode())
    connection = HTTPSConnection("localhost", install.port, context=trusting, timeout=10)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "want_status"),
    [
        ("POST", "/validate?timeout=5s", b"garbage", 200),
        ("POST", "/default", b"", 200),
        ("POST", "/validate", b" " * (8 * 1024 * 1024), 200),
        ("GET", "/validate", b"", 405),
        ("POST", "/elsewhere", b"{}", 404),
    ],
    ids=["garbage", "nothing", "8 MiB", "GET", "elsewhere"],
)
def test_garbage_over_tls(install: Install, method: str, path: str, body: bytes, want_status: int) -> None:
    status, answer = ask(install, method, path, body)
    assert status == want_status
    if status == 200:
        assert json.loads(answer)["response"]["allowed"] is False


def test_metrics_and_logs_tell_of_decisions_and_not_of_objects(install: Install, team: str) -> None:
    secret = "a-name-nobody-else-has"
    apply(install.cluster, queue(team, secret, queueName="admin"))
    metrics = install.probe("/metrics")
    assert 'headgate_webhook_findings_total{action="Deny",rule="reservedQueueName"}' in metrics
    assert "headgate_webhook_certificate_verified 1.0" in metrics
    age = next(line for line in metrics.splitlines() if line.startswith("headgate_webhook_snapshot_age_seconds"))
    assert float(age.split()[1]) < 120
    assert secret not in metrics
    assert secret not in install.log.read_text()
