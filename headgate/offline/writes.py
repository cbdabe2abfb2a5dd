"""The writes to objects of ours in an API server's audit log, with what was answered to each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from crds import meta
from headgate import auditlog
from policies import Operation, User

KINDS: Final = {kind.plural: kind.kind for kind in meta.KINDS}
OPERATIONS: Final = {
    "create": Operation.CREATE,
    "update": Operation.UPDATE,
    "patch": Operation.UPDATE,
    "delete": Operation.DELETE,
}
_OURS: Final = re.compile(r'admission webhook "[a-z-]+\.work\.headgate\.dev" denied the request')
_IN_FORCE: Final = re.compile(r"^[a-z-]+\.work\.headgate\.dev/policies$")
_POLICY: Final = re.compile(r"^(Policy|ClusterPolicy)/([^=]+)=([^@]*)@([0-9]+)$")

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one policy, as the audit annotation spells it."""

    kind: str
    name: str
    uid: str
    generation: int

    def __str__(self) -> str:
        return f"{self.kind} {self.name} (generation {self.generation})"


@dataclass(frozen=True, slots=True)
class Write:
    """One write that we were asked about. `sent` is what the client sent, a patch for a patch; `stored` what became of
    it. Either is None where the log has it not. `causes` are the findings of a refusal. `manager` is the field manager
    that the client named.
    """

    time: datetime
    operation: Operation
    patched: bool
    version: str
    kind: str
    subresource: str
    namespace: str
    name: str
    user: User
    sent: Any
    stored: Object | None
    allowed: bool
    causes: frozenset[tuple[str, str]]
    in_force: tuple[Version, ...]
    dry_run: bool
    manager: str = ""

    def __str__(self) -> str:
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        what = "SCALE" if self.subresource else self.operation
        return f"{self.time:%Y-%m-%dT%H:%M:%SZ} {self.user.name} {what} {self.kind} {where}"


def read(path: Path) -> Iterator[Write]:
    """The writes of one file. Raises AuditLogError, OSError."""
    return auditlog.read(path, meta.GROUP.encode(), parse)


def parse(event: Object) -> list[Write]:
    """Nothing for what is no write of ours, or was refused by somebody else than us."""
    ref = event.get("objectRef") or {}
    kind, operation = KINDS.get(str(ref.get("resource"))), OPERATIONS.get(event["verb"])
    if event["stage"] != "ResponseComplete" or ref.get("apiGroup") != meta.GROUP or not kind or not operation:
        return []
    status = event.get("responseStatus") or {}
    allowed = 200 <= int(status.get("code") or 0) < 300
    if ref.get("subresource") not in (None, "", "scale") or not (allowed or _OURS.search(status.get("message") or "")):
        return []
    asked = parse_qs(urlsplit(str(event.get("requestURI") or "")).query)
    user, sent, answer = auditlog.acting(event), event.get("requestObject"), event.get("responseObject") or {}
    stored = answer if allowed and answer.get("kind") == kind else None
    return [
        Write(
            time=datetime.fromisoformat(str(event["requestReceivedTimestamp"])),
            operation=operation,
            patched=event["verb"] == "patch",
            version=str(ref.get("apiVersion") or ""),
            kind=kind,
            subresource=str(ref.get("subresource") or ""),
            namespace=str(ref.get("namespace") or ""),
            name=str(ref.get("name") or _name(stored) or _name(sent)),
            user=User(str(user.get("username") or ""), tuple(user.get("groups") or ())),
            sent=sent,
            stored=stored,
            allowed=allowed,
            causes=frozenset(_causes(status)),
            in_force=tuple(_in_force(event.get("annotations") or {})),
            dry_run="dryRun" in asked,
            manager=asked.get("fieldManager", [""])[0],
        )
    ]


def _name(obj: Any) -> str:
    return str((obj.get("metadata") or {}).get("name") or "") if isinstance(obj, dict) else ""


def _causes(status: Object) -> Iterator[tuple[str, str]]:
    for cause in (status.get("details") or {}).get("causes") or ():
        yield str(cause.get("field") or ""), str(cause.get("message") or "")


def _in_force(annotations: Mapping[str, str]) -> Iterator[Version]:
    """The policies in the annotation; both webhooks write it, and the same."""
    text = next((value for key, value in annotations.items() if _IN_FORCE.match(key)), "")
    for part in text.split(",") if text else ():
        if not (found := _POLICY.match(part)):
            raise ValueError(f"{part!r} is no version of a policy")
        yield Version(found[1], found[2], found[3], int(found[4]))
