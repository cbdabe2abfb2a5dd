"""`headgate replay` on what a real API server logs, and on events that say too little."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headgate.cli import main
from tests import kinds
from tests.cluster.cluster import Cluster, running_control_plane
from tests.cluster.control_plane import Settings
from tests.cluster.waiting import until
from tests.differential.verdicts import located
from tests.policies import objects
from tests.webhooks.install import LABEL, installed
from tests.webhooks.kubectl import Done, apply, kubectl

AUDIT = """
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: RequestResponse, resources: [{group: work.headgate.dev}]}
- {level: None}
"""
LIMITS = objects.policy(limits={"maxReplicasPerPool": 20})
VERSION = "Policy/limits=uid-limits@1"
DENIED = 'admission webhook "default.work.headgate.dev" denied the request: '


def replay(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["replay", *map(str, arguments)])


def event(verb: str, obj: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A completed event about an object; `sent`, `stored`, `code`, `message`, `causes`, `version`, `api` as given."""
    code = more.get("code", 200)
    stored = more.get("stored", obj if code < 300 else None)
    causes = [{"field": field, "message": message} for field, message in more.get("causes", ())]
    plural = {"WorkerPool": "workerpools", "Queue": "queues", "Policy": "policies"}[obj["kind"]]
    return {
        "kind": "Event",
        "stage": "ResponseComplete",
        "verb": verb,
        "requestURI": more.get("uri", "/apis"),
        "user": {"username": "ada", "groups": ["media"]},
        "objectRef": {
            "resource": plural,
            "namespace": "media",
            "name": obj["metadata"]["name"],
            "apiGroup": "work.headgate.dev",
            "apiVersion": more.get("api", "v1"),
            "subresource": more.get("subresource", ""),
        },
        "responseStatus": {"code": code, "message": more.get("message", ""), "details": {"causes": causes}},
        "requestObject": more.get("sent", obj),
        "responseObject": stored,
        "requestReceivedTimestamp": "2026-11-25T20:00:00.123456Z",
        "annotations": {"validate.work.headgate.dev/policies": more["version"]} if "version" in more else {},
    }


def log(path: Path, *events: dict[str, Any]) -> Path:
    (path / "audit.log").write_text("\n".join(json.dumps(one) for one in events))
    return path / "audit.log"


def large(replicas: int = 40) -> dict[str, Any]:
    return objects.pool(scaling={"maxReplicas": replicas})


OLDER = {
    "apiVersion": "work.headgate.dev/v1beta1",
    "kind": "WorkerPool",
    "metadata": {"name": "thumbnails", "namespace": "media"},
    "spec": {
        "queueSelector": {"queue": "thumbnails"},
        "template": {"spec": {"image": "registry.acme.io/resize:2.4.1"}},
        "autoScaling": {"minReplicas": 1, "maxReplicas": 40},
    },
}
GLASS = "2026-11-25T12:00:00Z the database was down"
OVER = objects.pool(metadata={"annotations": {"headgate.dev/break-glass": GLASS}})
GLASS_OVER = (
    f'metadata.annotations[headgate.dev/break-glass]: Invalid value: "{GLASS}": is over already: give it a later time,'
    " or remove it"
)
AT_MOST = ("spec.scaling.maxReplicas", "Invalid value: 40: at most 20 (Policy limits, limits.maxReplicasPerPool)")


@pytest.mark.parametrize(
    ("events", "want"),
    [
        pytest.param(
            [event("create", LIMITS), event("create", large(9), version=VERSION)],
            ["2 replayed, 0 differ"],
            id="what would be let through again",
        ),
        pytest.param(
            [
                event("create", LIMITS),
                event("create", large(), version=VERSION, code=422, message=DENIED, causes=[AT_MOST]),
            ],
            ["2 replayed, 0 differ"],
            id="what would be refused again",
        ),
        pytest.param(
            [event("create", LIMITS), event("create", large(), version=VERSION)],
            [
                "2026-11-25T20:00:00Z ada CREATE WorkerPool media/thumbnails: was let through, would be refused",
                f"  + {AT_MOST[0]}: {AT_MOST[1]}",
                "2 replayed, 1 differ",
            ],
            id="what would be refused now",
        ),
        pytest.param(
            [event("create", LIMITS), event("create", large(9), version=VERSION, code=422, message=DENIED)],
            [
                "2026-11-25T20:00:00Z ada CREATE WorkerPool media/thumbnails: was refused, would be let through",
                "2 replayed, 1 differ",
            ],
            id="what would be let through now",
        ),
        pytest.param(
            [
                event("create", LIMITS),
                event("create", large(), version=VERSION, code=422, message=DENIED, causes=[("spec.image", "Gone")]),
            ],
            [
                "2026-11-25T20:00:00Z ada CREATE WorkerPool media/thumbnails: refused for other reasons",
                "  - spec.image: Gone",
                f"  + {AT_MOST[0]}: {AT_MOST[1]}",
                "2 replayed, 1 differ",
            ],
            id="what would be refused otherwise",
        ),
        pytest.param(
            [
                event("create", large()),
                event("create", LIMITS),
                event("update", large(), version=VERSION),
                event("patch", large(), sent={"spec": {"concurrency": 2}}, stored=None, code=422, message=DENIED),
            ],
            [
                "2026-11-25T20:00:00Z ada UPDATE WorkerPool media/thumbnails: was refused, would be let through",
                "4 replayed, 1 differ",
            ],
            id="an update is judged over what was stored",
        ),
        pytest.param(
            [
                event("create", large(9)),
                event("create", LIMITS),
                event("update", large(9), subresource="scale", sent={"spec": {"replicas": 30}}, version=VERSION),
            ],
            [
                "2026-11-25T20:00:00Z ada SCALE WorkerPool media/thumbnails: was let through, would be refused",
                "  + spec.hold.replicas: Invalid value: 30: at most 20 (Policy limits, limits.maxReplicasPerPool)",
                "3 replayed, 1 differ",
            ],
            id="kubectl scale",
        ),
        pytest.param(
            [event("create", OVER, uri="/apis?fieldManager=argocd-controller&timeout=30s"), event("create", OVER)],
            [
                "2026-11-25T20:00:00Z ada CREATE WorkerPool media/thumbnails: was let through, would be refused",
                f"  + {GLASS_OVER}",
                "2 replayed, 1 differ",
            ],
            id="a tool that repeats what Git has, and a person who writes it",
        ),
        pytest.param(
            [event("create", large(), version=VERSION)],
            ["0 replayed, 0 differ", "1 not replayed: Policy limits (generation 1) is not known"],
            id="a policy from before the log",
        ),
        pytest.param(
            [event("update", large(9))],
            ["0 replayed, 0 differ", "1 not replayed: what was stored before is not in the log"],
            id="an object from before the log",
        ),
        pytest.param(
            [event("create", large(9), sent=None)],
            ["0 replayed, 0 differ", "1 not replayed: the audit policy keeps no bodies"],
            id="an audit policy that keeps too little",
        ),
        pytest.param(
            [
                event("create", LIMITS),
                event("create", OLDER, api="v1beta1", version=VERSION),
                event("patch", OLDER, api="v1beta1", sent={"spec": {}}, code=422, message=DENIED),
            ],
            [
                "2026-11-25T20:00:00Z ada CREATE WorkerPool media/thumbnails: was let through, would be refused",
                f"  + {AT_MOST[0]}: {AT_MOST[1]}",
                "2 replayed, 1 differ",
                "1 not replayed: a patch in v1beta1 that was refused",
            ],
            id="another version",
        ),
        pytest.param(
            [event("create", large(), code=409, message="already exists")],
            ["0 replayed, 0 differ"],
            id="a refusal by somebody else is none of ours",
        ),
    ],
)
def test_what_is_told(tmp_path: Path, events: list[dict[str, Any]], want: list[str]) -> None:
    result = replay(log(tmp_path, *events))
    assert result.stdout.splitlines() == want, result.stderr
    assert result.exit_code == (0 if " 0 differ" in result.stdout else 1)


def test_what_was_there_before_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "world.yaml").write_text(json.dumps(LIMITS) + "\n---\n" + json.dumps(large(40)))
    result = replay(log(tmp_path, event("update", large(40), version=VERSION)), "--world", tmp_path / "world.yaml")
    assert result.output == "1 replayed, 0 differ\n"


@pytest.mark.parametrize("content", ["{", "[1]", '{"verb": "create", "objectRef": {"apiGroup": "work.headgate.dev"}}'])
def test_what_is_no_log_is_said(tmp_path: Path, content: str) -> None:
    (tmp_path / "audit.log").write_text(content + " work.headgate.dev")
    result = replay(tmp_path / "audit.log")
    assert result.exit_code == 2
    assert "line 1: no audit event" in result.stderr


@pytest.fixture
def audited(tmp_path: Path) -> Iterator[tuple[Cluster, Path]]:
    """An API server with our kinds that keeps an audit log, and the log."""
    (tmp_path / "audit.yaml").write_text(AUDIT)
    flags = (f"--audit-policy-file={tmp_path / 'audit.yaml'}", f"--audit-log-path={tmp_path / 'audit.log'}")
    with running_control_plane(Settings(controllers=False, apiserver_flags=flags)) as cluster:
        kinds.serve(cluster)
        yield cluster, tmp_path / "audit.log"


@pytest.mark.control_plane
def test_a_real_log_is_decided_again_as_it_was(audited: tuple[Cluster, Path], tmp_path: Path) -> None:
    cluster, logged = audited
    stricter = objects.policy(limits={"maxReplicasPerPool": 5}, exemptions=[])
    (tmp_path / "stricter.yaml").write_text(json.dumps(stricter))
    with installed(cluster, "install-replay", tmp_path) as install:
        space = {"name": "media", "labels": {LABEL: install.name}}
        assert apply(cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": space}).code == 0

        def write(obj: dict[str, Any]) -> Done:
            return apply(cluster, located(obj, "media"))

        assert write(objects.queue()).code == 0
        assert write(objects.pool("old", scaling={"maxReplicas": 40}, hold={"replicas": 2})).code == 0
        assert write(LIMITS).code == 0
        until("the limit holds", lambda: None if write(large()).code else "let through", 60)
        assert write(objects.pool("small", scaling={"maxReplicas": 10})).code == 0
        assert write(objects.pool("old", scaling={"maxReplicas": 30}, hold={"replicas": 2})).code == 0, "nearer"
        assert write(objects.pool("old", scaling={"maxReplicas": 35}, hold={"replicas": 2})).code != 0, "farther"
        for replicas, want in (("3", 0), ("21", 1)):
            scaled = kubectl(
                cluster, "-n", "media", "scale", "workerpools.work.headgate.dev/old", f"--replicas={replicas}"
            )
            assert scaled.code == want, scaled.err
        assert kubectl(cluster, "-n", "media", "delete", "workerpools.work.headgate.dev", "small").code == 0
        until("the log is written", lambda: None if '"delete"' in logged.read_text() else "no delete in it", 30)
    result = replay(logged)
    assert (result.exit_code, result.output.splitlines()[-1].split(", ")[1]) == (0, "0 differ"), result.output
    assert int(result.output.split()[0]) >= 9
    result = replay(logged, "--instead", tmp_path / "stricter.yaml")
    assert "CREATE WorkerPool media/small: was let through, would be refused" in result.output
