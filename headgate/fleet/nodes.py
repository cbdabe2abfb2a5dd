"""Emptying a node of workers: each is asked to drain, is replaced elsewhere, and goes when its jobs are done. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from crds import meta

Object = Mapping[str, Any]
REASON: Final = "Node"
"""None of the reconciler's own reasons, which it may take back: what somebody else asks for is carried out."""

MOST_NAMED: Final = 3


def workers_selector() -> str:
    return meta.LABEL_POOL


def to_ask(pods: Sequence[Object]) -> list[Object]:
    """The workers nobody has asked yet, and which are not leaving already."""
    return [pod for pod in pods if not _asked(pod) and "deletionTimestamp" not in pod["metadata"]]


def to_ask_again(pods: Sequence[Object], known: Collection[str], *, closed: bool) -> list[Object]:
    """Whom else to ask later: who was called back meanwhile, and who arrived on a node that takes no more pods.

    `known` are the uids of those that were there. On a node that takes pods, successors that come back would be asked
    for ever.
    """
    return [pod for pod in to_ask(pods) if closed or pod["metadata"]["uid"] in known]


def pools_of(pods: Sequence[Object]) -> list[tuple[str, str]]:
    """The namespace and name of each pool that they belong to."""
    return sorted({(pod["metadata"]["namespace"], pod["metadata"]["labels"][meta.LABEL_POOL]) for pod in pods})


def request(pod: Object, now: datetime) -> dict[str, Any]:
    """The merge patch that asks a worker; its uid makes sure that it is this very pod."""
    text = f"{REASON}/{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {"metadata": {"uid": pod["metadata"]["uid"], "annotations": {meta.ANNOTATION_DRAIN: text}}}


def progress(pods: Sequence[Object]) -> str:
    """How many are left, and the first few by name."""
    names = sorted(f"{pod['metadata']['namespace']}/{pod['metadata']['name']}" for pod in pods)
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{len(names)} worker{'' if len(names) == 1 else 's'} left: {', '.join(names[:MOST_NAMED])}{more}"


def _asked(pod: Object) -> bool:
    return meta.ANNOTATION_DRAIN in (pod["metadata"].get("annotations") or {})
