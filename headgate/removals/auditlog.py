"""The API server's audit log, line by line: the completed writes to pods, and nothing else of it.

A log is as long as the cluster is busy, so it is read as a stream; a line over `LONGEST_LINE` bytes is skipped and
counted, since the API server itself never keeps objects that large.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import orjson

LONGEST_LINE: Final = 8 << 20
WRITES: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})


class AuditLogError(Exception):
    """A file that is no audit log; the message says where it stops being one."""


@dataclass(frozen=True, slots=True)
class PodEvent:
    """One successful write to a pod or to one of its subresources. `pod` is as the API server answered it, None where
    the audit policy keeps no bodies or the answer is no pod.
    """

    time: str
    verb: str
    subresource: str
    namespace: str
    name: str
    user: str
    groups: tuple[str, ...]
    pod: Mapping[str, Any] | None


def read(path: Path) -> Iterator[PodEvent]:
    """The events of one file, which may be compressed with gzip. Raises AuditLogError, OSError."""
    with _open(path) as lines:
        number = 0
        while line := lines.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                _skip_rest(lines)
                continue
            if b'"pods"' not in line:
                continue
            try:
                events = parse(orjson.loads(line))
            except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
                raise AuditLogError(f"{path}, line {number}: no audit event: {error}") from error
            yield from events


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
    user = event.get("user") or {}
    return PodEvent(
        time=str(event["stageTimestamp"]),
        verb=verb,
        subresource=str(ref.get("subresource") or ""),
        namespace=str(ref.get("namespace") or ""),
        # A created pod may have got its name from generateName, and a collection has none.
        name=str(ref.get("name") or (pod or {}).get("metadata", {}).get("name") or ""),
        user=str(user.get("username") or ""),
        groups=tuple(user.get("groups") or ()),
        pod=pod,
    )


def _is_dry_run(event: Mapping[str, Any]) -> bool:
    return "dryRun=" in str(event.get("requestURI") or "")


def _open(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb"))


def _skip_rest(lines: BinaryIO) -> None:
    while (part := lines.readline(LONGEST_LINE)) and not part.endswith(b"\n"):
        continue
