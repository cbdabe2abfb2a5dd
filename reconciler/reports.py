"""What the policies say of a namespace, as one Report of openreports.io: for dashboards that know that kind. Pure.

A report names what is wrong, and counts what is right: one result for each finding, none for a rule that is kept. It
says nothing of time, so it changes only when a finding does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from crds import meta
from kube.resources import REPORTS
from policies.decision import Action, Violation
from policies.stored import Stored
from policies.text import clipped, detail

Object = Mapping[str, Any]
Judged = tuple[Object, Stored]

SOURCE: Final = "headgate"
MOST_RESULTS: Final = 500
"""Of one report: with messages of the longest it has 600 KB, and etcd takes 1.5 MB."""

LONGEST_MESSAGE: Final = 512
_RESULTS: Final = {Action.DENY: "fail", Action.WARN: "warn", Action.AUDIT: "warn"}
_SEVERITIES: Final = {Action.DENY: "high", Action.WARN: "medium", Action.AUDIT: "low"}
_WORST: Final = ("fail", "error", "warn", "skip")
CONTENT: Final = ("source", "configuration", "summary", "results")
"""The fields of a report that are ours."""


def name(install: str) -> str:
    return f"headgate-{install}"


def labels(install: str) -> dict[str, str]:
    return {"app.kubernetes.io/managed-by": "headgate", meta.LABEL_INSTALL: install}


def selector(install: str) -> str:
    return ",".join(f"{key}={value}" for key, value in labels(install).items())


def report(install: str, namespace: str, judged: Iterable[Judged]) -> dict[str, Any] | None:
    """The report of a namespace; None where no policy is about anything in it."""
    results, kept = list[dict[str, Any]](), 0
    for obj, found in judged:
        broken = {violation.policy for violation in (*found.violations, *found.exempted)}
        kept += sum(policy not in broken for policy in found.policies)
        results += _results(obj, found)
    if not results and not kept:
        return None
    results.sort(key=_order)
    return {
        "apiVersion": REPORTS.api_version,
        "kind": REPORTS.kind,
        "metadata": {"name": name(install), "namespace": namespace, "labels": labels(install)},
        "source": SOURCE,
        "configuration": {"limits": {"maxResults": MOST_RESULTS}},
        "summary": {"pass": kept} | {word: sum(one["result"] == word for one in results) for word in _WORST},
        "results": results[:MOST_RESULTS],
    }


def content(stored: Object) -> dict[str, Any]:
    """What of a stored report could differ from ours."""
    return {field: stored.get(field) for field in CONTENT}


def _results(obj: Object, found: Stored) -> Iterator[dict[str, Any]]:
    for violation in found.violations:
        yield _result(obj, violation, "error" if violation.failed else _RESULTS[violation.action])
    for violation in found.exempted:
        yield _result(obj, violation, "skip")


def _result(obj: Object, violation: Violation, result: str) -> dict[str, Any]:
    metadata, policy = obj["metadata"], violation.policy
    resource = {
        "apiVersion": meta.API_VERSION,
        "kind": obj["kind"],
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    }
    more = {"field": violation.finding.field, "policyKind": policy.kind if policy else ""}
    if violation.exemption:
        more["exemption"] = violation.exemption
    return {
        "policy": policy.name if policy else "",
        "rule": violation.rule,
        "result": result,
        "scored": result == "fail",
        "severity": _SEVERITIES[violation.action],
        "message": clipped(detail(violation), LONGEST_MESSAGE),
        "properties": more,
        "resources": [resource],
    }


def _order(result: Mapping[str, Any]) -> tuple[Any, ...]:
    (resource,) = result["resources"]
    what = (result["policy"], result["rule"], result["properties"]["field"], result["message"])
    return (_WORST.index(result["result"]), resource["kind"], resource["name"], *what)
