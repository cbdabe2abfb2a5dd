"""The API server's audit log, line by line: the completed writes to pods, and nothing else of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from headgate import auditlog

WRITES: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})


@dataclass(frozen=True, slots=True)
class PodEvent:
    """One successful write to a pod or to one of its subresources. `pod` is as the API server answered it, None where
    the audit policy keeps no bodies or the answer is no pod. `sender` is who sent it, where that is not `user`, whom it
    impersonated.
    """

    time: str
    at: datetime
    verb: str
    subresource: str
    namespace: str
    name: str
    user: str
    groups: tuple[str, ...]
    pod: Mapping[str, Any] | None
    sender: str = ""


def read(path: Path) -> Iterator[PodEvent]:
    """The events of one file, which may be compressed with gzip. Raises AuditLogError, OSError."""
    return auditlog.read(path, b'"pods"', parse)


def parse(event: Mapping[str, Any]) -> list[PodEvent]:
    """What the event says of pods: nothing when it is about something else, failed, or is not complete."""
    ref = event.get("objectRef") or {}
    if event["stage"] != "ResponseComplete" or ref.get("resource") != "pods" or event["verb"] not in WRITES:
        return []
    if not 200 <= (event.get("responseStatus") or {}).get("code", 0) < 300 or _is_dry_run(event):
        return []
    answer = event.get("responseObject") or {}
    if event["verb"] == "deletecollection":
        return [_pod_event(event, ref, "delete", pod) for pod in answer.get("items") or ()]
    return [_pod_event(event, ref, str(event["verb"]), answer if answer.get("kind") == "Pod" else None)]


def _pod_event(event: Mapping[str, Any], ref: Mapping[str, Any], verb: str, pod: Mapping[str, Any] | None) -> PodEvent:
    user, sender = auditlog.acting(event), event.get("user") or {}
    return PodEvent(
        time=str(event["stageTimestamp"]),
        at=datetime.fromisoformat(event["stageTimestamp"]).astimezone(UTC),
        verb=verb,
        subresource=str(ref.get("subresource") or ""),
        namespace=str(ref.get("namespace") or ""),
        # A created pod may have got its name from generateName, and a collection has none.
        name=str(ref.get("name") or (pod or {}).get("metadata", {}).get("name") or ""),
        user=str(user.get("username") or ""),
        groups=tuple(user.get("groups") or ()),
        pod=pod,
        sender="" if user is sender else str(sender.get("username") or ""),
    )


def _is_dry_run(event: Mapping[str, Any]) -> bool:
    """As the API server reads it: a delete that has a body is what the body says, whatever the query does."""
    options = event.get("requestObject")
    if options and str(event["verb"]).startswith("delete"):
        return bool(options.get("dryRun"))
    return "dryRun=" in str(event.get("requestURI") or "")
