"""What each of the three says of a case: the engine as the command line asks it, and an API server in two namespaces.

One namespace is sent to the webhook and has the native limits as well, as an install has; the other has the native
limits only, as an install whose every pod is dead would, if its webhooks let anything through at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import crds
from crds import meta
from headgate.offline.judging import judge
from policies import Decision, Facts, MemorySnapshot, Operation, User, Violation, decide, text
from tests.crds.apiserver import Answer, ApiServer, collection
from tests.differential.cases import RULES, Case
from webhooks import review
from webhooks.decider import Decider
from webhooks.manifests import Manifest

Object = dict[str, Any]
NATIVE = "ValidatingAdmissionPolicy"
Causes = frozenset[tuple[str, str]]


def located(obj: Object, namespace: str) -> Object:
    """An object as a user writes it, in a namespace: without what the API server gives."""
    metadata = {key: value for key, value in obj["metadata"].items() if key not in ("uid", "generation")}
    if obj["kind"] != meta.CLUSTER_POLICY.kind:
        metadata["namespace"] = namespace
    return {**obj, "metadata": metadata}


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine on a world of files."""

    world: MemorySnapshot
    user: User
    now: datetime

    def decision(self, case: Case, namespace: str) -> Decision:
        if case.replicas is not None:
            return Decider(self.world, lambda: self.now)(self._scale(case, namespace), final=True)
        new = located(case.new, namespace)
        old = located(case.old, namespace) if case.old else None
        operation = Operation.UPDATE if old else Operation.CREATE
        return decide(Facts(new["kind"], operation, new, old, self.world, self.now, user=self.user))

    def checked(self, case: Case, namespace: str) -> bool:
        """Whether `headgate check` lets a creation pass."""
        return judge(Manifest(located(case.new, namespace), Path("case.yaml"), 1), self.world, self.now).allowed

    def _scale(self, case: Case, namespace: str) -> review.Review:
        assert case.old is not None
        old = case.old["spec"]["hold"]["replicas"]
        return review.Review(
            uid="1",
            group=meta.GROUP,
            resource=meta.WORKER_POOL.plural,
            subresource="scale",
            kind="Scale",
            operation="UPDATE",
            namespace=namespace,
            name=case.old["metadata"]["name"],
            new={"spec": {"replicas": case.replicas}},
            old={"spec": {"replicas": old}},
            user=self.user.name,
            groups=self.user.groups,
            dry_run=True,
        )


def causes(decision: Decision) -> Causes:
    return frozenset((violation.finding.field, text.detail(violation)) for violation in decision.denied)


def told(answer: Answer) -> Causes:
    found: Iterable[Mapping[str, str]] = answer.body.get("details", {}).get("causes", ())
    return frozenset((cause.get("field", ""), cause.get("message", "")) for cause in found)


def asked(server: ApiServer, case: Case, namespace: str) -> Answer:
    """The API server's answer to a dry run."""
    name = case.new["metadata"]["name"]
    path = collection(case.new["kind"], namespace)
    if case.replicas is not None:
        scale = {
            "apiVersion": "autoscaling/v1",
            "kind": "Scale",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"replicas": case.replicas},
        }
        return server.ask("PUT", f"{path}/{name}/scale?dryRun=All", scale)
    obj = located(case.new, namespace)
    if case.old is None:
        return server.ask("POST", f"{path}?dryRun=All", obj)
    stored = server.ask("GET", f"{path}/{name}").body
    obj["metadata"] |= {"resourceVersion": stored["metadata"]["resourceVersion"]}
    return server.ask("PUT", f"{path}/{name}?dryRun=All", obj)


def refused_natively(answer: Answer) -> bool:
    return answer.status == 422 and NATIVE in answer.body.get("message", "")


def must_hold(case: Case, decision: Decision, policies: Mapping[str, Object]) -> bool:
    """Whether the native limits alone must refuse a case: what they promise, computed from the engine's findings."""
    return any(_native(violation, case, policies) for violation in decision.denied)


def _native(violation: Violation, case: Case, policies: Mapping[str, Object]) -> bool:
    limit = violation.rule.rpartition(".")[2]
    if violation.policy is None or limit not in RULES or not violation.rule.startswith("limits."):
        return False
    spec = policies[str(violation.policy)]["spec"]
    # Exemptions have no end there, a scale request no labels, and what was inherited is the server's to judge.
    return (
        spec.get("native") != "Disabled"
        and not spec.get("exemptions")
        and not (case.replicas is not None and spec.get("match", {}).get("labelSelector"))
        and _explicit(case.new, violation.finding.field)
        and (case.old is None or case.replicas is not None or _explicit(case.old, violation.finding.field))
    )


def _explicit(obj: Object, field: str) -> bool:
    if field in ("spec.concurrency", "spec.maxInFlight", "spec.priority") or "[" in field:
        return "[" not in field
    value: Any = obj
    for key in field.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value is not None


def valid(case: Case, namespace: str) -> bool:
    """Whether the schema takes it, so that the native limits are asked at all."""
    return case.replicas is not None or not crds.validate(case.new["kind"], located(case.new, namespace))
