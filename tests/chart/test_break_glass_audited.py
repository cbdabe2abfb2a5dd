"""Break-glass in the audit log of a real API server: who took which responsibility, who acted by it, who may not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from headgate.cli import main
from tests import kinds
from tests.chart.guarded_pods import Guards, Yard, status, worker
from tests.cluster.cluster import Cluster, running_control_plane
from tests.cluster.control_plane import Settings
from tests.cluster.waiting import until
from tests.policies import objects
from tests.webhooks.install import LABEL, installed
from tests.webhooks.kubectl import Done, apply, kubectl

pytestmark = pytest.mark.control_plane

AUDIT: Final = """
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: RequestResponse, resources: [{group: work.headgate.dev}, {group: "", resources: [pods, pods/status]}]}
- {level: None}
"""
SPACE: Final = "media"
GLASS: Final = "headgate.dev/break-glass"
NEEDS_THE_VERB: Final = "headgate.dev/break-glass needs the verb break-glass on policies.work.headgate.dev"
RIGHTS: Final = {
    "team": (
        {"apiGroups": ["work.headgate.dev"], "resources": ["queues", "workerpools"], "verbs": ["*"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "patch", "delete"]},
    ),
    "break-glass": ({"apiGroups": ["work.headgate.dev"], "resources": ["policies"], "verbs": ["break-glass"]},),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A namespace in which ada is on call and may break glass, and bob may edit everything else."""

    yard: Yard
    log: Path

    def run(self, user: str, *arguments: str, stdin: str | None = None) -> Done:
        return kubectl(self.yard.cluster, "-n", SPACE, f"--as={user}", *arguments, stdin=stdin)

    def event(self, user: str, verb: str, name: str, code: int) -> dict[str, Any]:
        """The only event of this user's request that was answered so, once the API server has written it."""
        found: list[dict[str, Any]] = []

        def missing() -> str | None:
            events = [json.loads(line) for line in self.log.read_text().splitlines() if line.endswith("}")]
            found[:] = [one for one in events if _about(one) == (user, verb, name, code)]
            return None if found else f"none among {[_about(one) for one in events]}"

        until(f"the log tells of {user}'s {verb} of {name}", missing, 30)
        assert len(found) == 1, found
        return found[0]


def _about(event: dict[str, Any]) -> tuple[str, str, str, int]:
    user = event.get("impersonatedUser") or event["user"]
    return user["username"], event["verb"], event["objectRef"].get("name", ""), event["responseStatus"].get("code", 0)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("audited")
    (folder / "audit.yaml").write_text(AUDIT)
    flags = (f"--audit-policy-file={folder / 'audit.yaml'}", f"--audit-log-path={folder / 'audit.log'}")
    with running_control_plane(Settings(apiserver_flags=flags)) as cluster:
        kinds.serve(cluster)
        with installed(cluster, "install-glass", folder) as install:
            space = {"name": SPACE, "labels": {LABEL: install.name}}
            assert apply(cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": space}).code == 0
            _give_rights(cluster)
            guards = Guards(cluster)
            guards.install("delete-guard", "worker-marks", "break-glass")
            guards.bind_floor(SPACE)
            yard = Yard(cluster, SPACE)
            yard.bind()
            yield Scene(yard, folder / "audit.log")


def _give_rights(cluster: Cluster) -> None:
    for name, rules in RIGHTS.items():
        role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name}}
        cluster.kubectl("-n", SPACE, "create", "-f-", stdin=json.dumps({**role, "rules": rules}))
    cluster.kubectl("-n", SPACE, "create", "rolebinding", "team", "--role=team", "--user=ada", "--user=bob")
    cluster.kubectl("-n", SPACE, "create", "rolebinding", "on-call", "--role=break-glass", "--user=ada")


def soon() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)


def test_on_a_pool_the_log_says_who_until_when_and_why(scene: Scene) -> None:
    ends, why = soon(), "the database is down, INC-4711"
    words = f"{ends:%Y-%m-%dT%H:%M:%SZ} {why}"
    pool = objects.pool("wanted")
    plain = json.dumps({**pool, "metadata": {"name": "wanted"}})
    assert scene.run("bob", "create", "-f-", stdin=plain).code == 0, "bob may do all but break glass"

    def refused() -> str | None:
        done = scene.run("bob", "annotate", "--dry-run=server", "workerpool", "wanted", f"{GLASS}={words}")
        return None if NEEDS_THE_VERB in done.err else done.out + done.err

    until("the floor is in force", refused, 30)
    done = scene.run("bob", "annotate", "workerpool", "wanted", f"{GLASS}={words}")
    assert (done.code, NEEDS_THE_VERB in done.err) == (1, True), done
    done = scene.run("ada", "annotate", "workerpool", "wanted", f"{GLASS}={words}")
    assert done.code == 0, done.err
    told = scene.event("ada", "patch", "wanted", 200)["annotations"]
    assert told["validate.work.headgate.dev/break-glass"] == f"until {ends:%Y-%m-%dT%H:%M:%SZ}: {why}"
    assert told["break-glass.headgate.dev/break-glass"] == words

    edit = ("patch", "workerpool", "wanted", "--type=merge", "-p", '{"spec": {"concurrency": 2}}')
    assert NEEDS_THE_VERB in scene.run("bob", *edit).err, "nor what stands under somebody else's"
    assert scene.run("ada", *edit).code == 0
    assert scene.run("bob", "delete", "workerpool", "wanted").code == 0
    told = scene.event("bob", "delete", "wanted", 200)["annotations"]
    assert told["delete.work.headgate.dev/break-glass"] == f"until {ends:%Y-%m-%dT%H:%M:%SZ}: {why}"


def test_on_a_worker_the_log_names_who_allowed_the_delete_and_who_did_it(scene: Scene) -> None:
    words = f"{soon():%Y-%m-%dT%H:%M:%SZ} hangs, and its jobs may run again"
    name = scene.yard.start(worker("wedged"), status())
    assert "has not been drained" in scene.run("bob", "delete", "pod", name).err
    done = scene.run("bob", "annotate", "pod", name, f"{GLASS}={words}")
    assert (done.code, NEEDS_THE_VERB in done.err) == (1, True), done
    assert scene.run("ada", "annotate", "pod", name, f"{GLASS}={words}").code == 0
    told = scene.event("ada", "patch", name, 200)["annotations"]
    assert told["worker-marks.headgate.dev/break-glass"] == words

    assert scene.run("bob", "delete", "pod", name, "--wait=false").code == 0
    told = scene.event("bob", "delete", name, 200)["annotations"]
    assert told["delete-guard.headgate.dev/break-glass"] == words
    result = CliRunner().invoke(main, ["audit", "kills", str(scene.log), "-o", "json"])
    (killed,) = [one for one in json.loads(result.output)["removals"] if one["pod"] == name]
    assert killed["by"].startswith("bob (impersonated by ")
    assert killed["proof"] == "under break-glass"


def test_the_same_log_is_decided_again_as_the_people_it_names(scene: Scene) -> None:
    result = CliRunner().invoke(main, ["replay", str(scene.log)])
    assert ", 0 differ" in result.output, result.output + result.stderr
