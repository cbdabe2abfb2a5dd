"""Running cases against all of them, and saying where they disagree."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from policies import Decision, MemorySnapshot, User
from tests.cluster.cluster import Cluster
from tests.cluster.waiting import until
from tests.crds.apiserver import Answer, ApiServer, collection
from tests.differential import verdicts
from tests.differential.cases import Case, Chance
from tests.differential.floor import RUN_LABEL, bound
from tests.differential.verdicts import Engine, located
from tests.policies import objects
from tests.webhooks.install import LABEL, Install
from tests.webhooks.kubectl import kubectl

Object = dict[str, Any]
GROUP_LABEL: Final = "headgate-differential-group"
STORED: Final = 8


@dataclass(slots=True)
class Report:
    """How many cases there were of which outcome, and every disagreement as a text that says all of it."""

    counts: Counter[str] = field(default_factory=Counter)
    disagreements: list[str] = field(default_factory=list)

    def disagree(self, what: str, case: Case, group: Group, **seen: object) -> None:
        told = {"old": case.old, "new": case.new, "replicas": case.replicas, "policies": group.policies}
        said = "; ".join(f"{key}: {value}" for key, value in seen.items())
        self.disagreements.append(f"{what}. {said}. {json.dumps(told)}")

    def __str__(self) -> str:
        lines = [f"{name:34}{count}" for name, count in self.counts.items()]
        return "\n".join([*lines, f"{'disagreements':34}{len(self.disagreements)}"])


@dataclass(frozen=True, slots=True)
class Group:
    """Some policies, the objects that were there before them, and two namespaces that have both."""

    served: str
    alone: str
    stored: tuple[Object, ...]
    policies: Mapping[str, Object]
    """By the name findings have for them."""

    @property
    def personal(self) -> bool:
        """Whether it matters who asks, which a check of files cannot know."""
        specs = [policy["spec"] for policy in self.policies.values()]
        exempt = any("subjects" in exemption for spec in specs for exemption in spec.get("exemptions", ()))
        return exempt or any("userInfo" in rule["expression"] for spec in specs for rule in spec.get("rules", ()))


class Differential:
    """One run: `server` is asked, `install` is the webhook in front of it, and the native limits are bound."""

    def __init__(self, cluster: Cluster, install: Install, server: ApiServer, random: Random) -> None:
        self._cluster = cluster
        self._install = install
        self._server = server
        self._chance = Chance(random)
        self._token = secrets.token_hex(3)
        self._user = _myself(server)
        self.report = Report()

    @contextmanager
    def floor(self) -> Iterator[None]:
        """The chart's native limits, bound to this run's namespaces."""
        with bound(self._cluster, self._token):
            yield

    def group(self, number: int, cases: int) -> None:
        """A group of cases under policies of their own."""
        with self._made(number) as group:
            found = [self._chance.case(group.stored) for _ in range(cases)]
            for case in found:
                self._compare(case, group)
            self._apply([case for case in found if case.old is None], group)

    @contextmanager
    def _made(self, number: int) -> Iterator[Group]:
        served, alone = (f"diff-{self._token}-{number}-{part}" for part in ("served", "alone"))
        stored = tuple(self._storable(f"stored-{index}", served) for index in range(STORED))
        selector = {"matchLabels": {GROUP_LABEL: served}}
        policies = [self._chance.policy(f"policy-{index}") for index in range(2)]
        wide = [self._chance.cluster_policy(f"{served}-{index}", selector) for index in range(2)]
        markers = [
            _marker(objects.policy("zz-marker")),
            _marker(objects.cluster_policy(f"{served}-zz", match={"namespaceSelector": selector})),
        ]
        try:
            for namespace in (served, alone):
                labels = {RUN_LABEL: self._token, GROUP_LABEL: served}
                metadata = {"name": namespace, "labels": labels}
                self._create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
                self._create(*(located(obj, namespace) for obj in (*stored, *policies, markers[0])))
            # Only now: the webhook would not take a policy with an exemption that is over, and time makes such ones.
            self._label(served)
            self._create(*(located(obj, "") for obj in (*wide, markers[1])))
            group = Group(
                served, alone, stored, {f"{one['kind']} {one['metadata']['name']}": one for one in (*policies, *wide)}
            )
            self._until_in_force(group)
            yield group
        finally:
            for one in (*wide, markers[1]):
                self._server.ask("DELETE", f"{collection(one['kind'], '')}/{one['metadata']['name']}")
            for namespace in (served, alone):
                self._server.ask("DELETE", f"/api/v1/namespaces/{namespace}")

    def _storable(self, name: str, namespace: str) -> Object:
        """One that no rule but a policy's could refuse."""
        nothing = Engine(MemorySnapshot(), self._user, datetime.now(UTC))
        while True:
            obj = self._chance.stored(name)
            if nothing.decision(Case(obj), namespace).allowed:
                return obj

    def _create(self, *made: Object) -> None:
        for obj in made:
            namespace = obj["metadata"].get("namespace", "")
            path = "/api/v1/namespaces" if obj["kind"] == "Namespace" else collection(obj["kind"], namespace)
            answer = self._server.ask("POST", path, obj)
            assert answer.status == 201, answer.body

    def _label(self, namespace: str) -> None:
        """From now on the namespace is sent to the webhook."""
        body = {"metadata": {"labels": {LABEL: self._install.name}}}
        answer = self._server.ask("PATCH", f"/api/v1/namespaces/{namespace}", body, "application/merge-patch+json")
        assert answer.status == 200, answer.body

    def _until_in_force(self, group: Group) -> None:
        """Watches tell in order, so what came before the markers is known where the markers are."""
        for kind in ("Policy", "ClusterPolicy"):
            probe = Case(objects.pool(f"marker-{kind.lower()}", scaling={"maxReplicas": 2}))

            def missing(kind: str = kind, probe: Case = probe) -> str | None:
                served, alone = (verdicts.asked(self._server, probe, name) for name in (group.served, group.alone))
                told = " ".join(message for _, message in verdicts.told(served))
                native = alone.body.get("message", "")
                in_force = f"({kind} " in told and verdicts.refused_natively(alone)
                return None if in_force else f"{told}; {native}"

            until(f"a {kind} is in force", missing, 60)

    def _compare(self, case: Case, group: Group) -> None:
        engine = self._engine(group, group.served)
        decision = engine.decision(case, group.served)
        served = verdicts.asked(self._server, case, group.served)
        alone = verdicts.asked(self._server, case, group.alone)
        self._count(case, decision, alone)
        if (served.status < 300) is not decision.allowed or verdicts.told(served) != verdicts.causes(decision):
            seen = {
                "engine": sorted(verdicts.causes(decision)),
                "status": served.status,
                "body": served.body.get("message"),
            }
            self.report.disagree("the server says other than the engine", case, group, **seen)
        if case.old is None and not group.personal and engine.checked(case, group.served) is not decision.allowed:
            self.report.disagree("headgate check says other than the engine", case, group)
        if verdicts.refused_natively(alone) and decision.allowed:
            self.report.disagree("refused natively only", case, group, native=alone.body["message"])
        if (
            verdicts.must_hold(case, decision, group.policies)
            and verdicts.valid(case, group.alone)
            and not verdicts.refused_natively(alone)
        ):
            seen = {"engine": sorted(verdicts.causes(decision)), "answer": alone.body.get("message", alone.status)}
            self.report.disagree("let through natively", case, group, **seen)

    def _engine(self, group: Group, namespace: str) -> Engine:
        labels = {GROUP_LABEL: group.served, "kubernetes.io/metadata.name": namespace}
        world = [located(obj, namespace) for obj in (*group.stored, *group.policies.values())]
        space = {"kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}
        return Engine(MemorySnapshot.of([*world, space]), self._user, datetime.now(UTC))

    def _count(self, case: Case, decision: Decision, alone: Answer) -> None:
        kind = "scales" if case.replicas is not None else "updates" if case.old else "creations"
        self.report.counts["cases"] += 1
        self.report.counts[kind] += 1
        self.report.counts["refused by the engine"] += not decision.allowed
        self.report.counts["refused natively"] += verdicts.refused_natively(alone)

    def _apply(self, creations: list[Case], group: Group) -> None:
        """All creations by one real `kubectl apply`, which says for each whether it would be created."""
        written = "\n---\n".join(json.dumps(located(case.new, group.served)) for case in creations)
        done = kubectl(self._cluster, "apply", "--dry-run=server", "-f", "-", stdin=written)
        created = {line.split()[0].partition("/")[2] for line in done.out.splitlines() if " created " in line}
        engine = self._engine(group, group.served)
        for case in creations:
            self.report.counts["applied with kubectl"] += 1
            allowed = engine.decision(case, group.served).allowed
            if (case.new["metadata"]["name"] in created) is not allowed:
                self.report.disagree("kubectl apply says other than the engine", case, group, kubectl=done.err[-2000:])


def _marker(policy: Object) -> Object:
    names = [f"marker-{policy['kind'].lower()}"]
    policy["spec"]["match"] = {**policy["spec"].get("match", {}), "names": names}
    policy["spec"]["limits"] = {"maxReplicasPerPool": 1}
    return policy


def _myself(server: ApiServer) -> User:
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    told = server.ask("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review).body["status"]["userInfo"]
    return User(told["username"], tuple(told.get("groups", ())))
