"""How far a rollout is, read from a pool's status and its children, and what goes back to an older revision. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crds import meta
from headgate.fleet.draining import seen
from headgate.fleet.tables import condition

Object = Mapping[str, Any]
UNDONE: Final = "headgate rollout undo"


@dataclass(frozen=True, slots=True)
class Progress:
    """`wanted` and `updated` are workers, the latter of the present revision; `old` are left of older ones. `why` is
    what keeps it, in the reconciler's words.
    """

    revision: str
    wanted: int
    updated: int
    ready: int
    old: int
    done: bool = False
    failed: bool = False
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def line(self) -> str:
        if self.done:
            return f"revision {self.revision or '-'} serves: {self.ready} ready"
        told = (
            f"revision {self.revision or '-'}: {self.updated} of {self.wanted} workers, {self.old} of older ones left"
        )
        return f"{told}; {self.why}" if self.why else told


def progress(pool: Object, children: Sequence[Object]) -> Progress | None:
    """None while the reconciler has not looked at the spec, or at the last restart."""
    status = pool.get("status") or {}
    newest = current(pool, children)
    if not seen(pool) or newest is None:
        return None
    name = revision(newest)
    listed = {one["name"]: one for one in status.get("revisions") or ()}
    old = sum(one.get("replicas") or 0 for other, one in listed.items() if other != name)
    mine = listed.get(name) or {}
    wanted, updated = int(status.get("desiredReplicas") or 0), int(mine.get("replicas") or 0)
    ready = int(mine.get("readyReplicas") or 0)
    failed = _failed(pool, newest)
    return Progress(
        revision=name,
        wanted=wanted,
        updated=updated,
        ready=ready,
        old=old,
        done=not failed and not old and updated >= wanted and ready >= wanted,
        failed=failed,
        why=_why(pool, failed=failed),
    )


def current(pool: Object, children: Sequence[Object]) -> Object | None:
    """The child of the revision that the pool asks for; None while it is not there."""
    asked = _annotations(pool).get(meta.ANNOTATION_RESTARTED_AT)

    def answers(child: Object) -> bool:
        return _annotations(child["spec"]["template"]).get(meta.ANNOTATION_RESTARTED_AT) == asked

    # Times of creation are whole seconds: of two children of one second that is the newer which has what is asked for.
    newest = max(children, key=lambda one: (str(one["metadata"]["creationTimestamp"]), answers(one)), default=None)
    return newest if newest is not None and answers(newest) else None


def before(children: Sequence[Object]) -> Object | None:
    """The child that a rollout came from: the newest but one."""
    ordered = sorted(children, key=lambda one: str(one["metadata"]["creationTimestamp"]))
    return ordered[-2] if len(ordered) > 1 else None


def undone(child: Object) -> bool:
    return meta.ANNOTATION_FAILED in _annotations(child)


def undo(child: Object, revision: str, *, stateful: bool) -> Mapping[str, Any]:
    """The patch that has a revision give way, as one that has failed does."""
    return _patch(child, meta.ANNOTATION_FAILED, f"{revision} {UNDONE}" if stateful else UNDONE)


def trust(child: Object) -> Mapping[str, Any]:
    """The patch that lets an older revision serve again at once."""
    return _patch(child, meta.ANNOTATION_TRUSTED, UNDONE)


def again(child: Object) -> Mapping[str, Any]:
    """The patch that tries a revision again that gave way."""
    return _patch(child, meta.ANNOTATION_FAILED, None)


def annotated(pool: Object, name: str, value: str | None) -> Mapping[str, Any]:
    """The patch of a pool's annotation; its resourceVersion makes sure that nobody else has changed it meanwhile."""
    return {"metadata": {"resourceVersion": pool["metadata"]["resourceVersion"], "annotations": {name: value}}}


def _patch(child: Object, name: str, value: str | None) -> Mapping[str, Any]:
    return {"metadata": {"uid": child["metadata"]["uid"], "annotations": {name: value}}}


def _failed(pool: Object, newest: Object) -> bool:
    """What the conditions say of a revision that is tried again is of its last time."""
    reason = condition(pool, "Ready").get("reason")
    return reason == "RolloutFailed" or (reason == "RolledBack" and undone(newest))


def _why(pool: Object, *, failed: bool) -> str:
    """Only what stops it; that it is under way is what the numbers say."""
    told = condition(pool, "Ready" if failed else "Reconciling")
    usual = told.get("reason") in (None, "RollingOut", "Progressing", "Reconciled")
    return "" if usual else str(told.get("message", ""))


def revision(child: Object) -> str:
    return str((child["metadata"].get("labels") or {}).get(meta.LABEL_REVISION, ""))


def _annotations(obj: Object) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (obj.get("metadata") or {}).get("annotations") or {}
    return found
