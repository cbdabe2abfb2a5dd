"""Deciding again what an audit log says was decided: each write with its own moment, user, object and policies.

What a decision needs and the log does not repeat with every write is remembered while it is read: the objects as they
were stored last, and every version of every policy. A write about which something is not known is not guessed at; it
is counted with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jsonpatch

from crds import meta
from headgate.offline.writes import Version, Write
from policies import Decision, Facts, MemorySnapshot, Operation, decide, text
from policies.fields import integer
from policies.fields import text as text_of
from webhooks.decider import Decider
from webhooks.manifests import stored as as_stored
from webhooks.review import Review

Object = Mapping[str, Any]
Key = tuple[str, str, str]

POLICY_KINDS: Final = (meta.POLICY.kind, meta.CLUSTER_POLICY.kind)
PLURALS: Final = {kind.kind: kind.plural for kind in meta.KINDS}


class UnknownError(Exception):
    """Something a decision depends on is not in the log; the text is the reason that is counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A write that would be answered otherwise now: findings that are gone (-) and new ones (+)."""

    write: Write
    allowed: bool
    gone: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(slots=True)
class Replay:
    """`instead` are policies to judge by in place of those that were in force; None means these."""

    instead: tuple[Object, ...] | None = None
    world: MemorySnapshot = field(default_factory=MemorySnapshot)
    replayed: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    _stored: dict[Key, Object] = field(default_factory=dict)
    _versions: dict[tuple[str, int], Object] = field(default_factory=dict)
    _in_force: tuple[Version, ...] | None = None

    def know(self, obj: Object) -> None:
        """An object as it stands: from the log, or from before it."""
        kind = text_of(obj, "kind")
        self._stored[(kind, text_of(obj, "metadata", "namespace"), text_of(obj, "metadata", "name"))] = obj
        if kind in POLICY_KINDS:
            version = (text_of(obj, "metadata", "uid"), integer(obj, "metadata", "generation") or 0)
            self._versions[version] = obj
        else:
            self.world.put(kind, obj)

    def differences(self, writes: Iterable[Write]) -> Iterator[Difference]:
        for write in writes:
            try:
                decision = self._decision(write)
            except UnknownError as error:
                self.left_out[str(error)] += 1
            else:
                self.replayed += 1
                if (found := _difference(write, decision)) is not None:
                    yield found
            self._remember(write)

    def _decision(self, write: Write) -> Decision:
        if write.version != meta.VERSION and write.patched and write.stored is None:
            raise UnknownError(f"a patch in {write.version} that was refused")
        self._put_in_force(write)
        old = self._stored.get((write.kind, write.namespace, write.name))
        if old is None and write.operation is not Operation.CREATE:
            raise UnknownError("what was stored before is not in the log")
        if write.subresource:
            return self._scale(write, old or {})
        new = None if write.operation is Operation.DELETE else _located(_asked(write, old), write)
        before = None if write.operation is Operation.CREATE else old
        facts = Facts(
            write.kind,
            write.operation,
            new,
            before,
            self.world,
            write.time,
            user=write.user,
            manager=write.manager,
        )
        return decide(facts)

    def _put_in_force(self, write: Write) -> None:
        """Exactly the policies of this write; what does not apply to an object is not named, and has no part in it."""
        if self.instead is not None:
            if self._in_force is None:
                self._in_force = ()
                self._replace(self.instead)
            return
        if write.in_force == self._in_force:
            return
        found = []
        for version in write.in_force:
            policy = self._versions.get((version.uid, version.generation))
            if policy is None:
                raise UnknownError(f"{version} is not known")
            found.append(policy)
        self._in_force = write.in_force
        self._replace(found)

    def _replace(self, policies: Iterable[Object]) -> None:
        policies = list(policies)
        for kind in POLICY_KINDS:
            self.world.replace(kind, [one for one in policies if text_of(one, "kind") == kind])

    def _scale(self, write: Write, old: Object) -> Decision:
        wanted = integer(write.sent, "spec", "replicas")
        if wanted is None:
            raise UnknownError("the audit policy keeps no bodies")
        review = Review(
            uid="",
            group=meta.GROUP,
            resource=PLURALS[write.kind],
            subresource="scale",
            kind="Scale",
            operation="UPDATE",
            namespace=write.namespace,
            name=write.name,
            new={"spec": {"replicas": wanted}},
            old={"spec": {"replicas": integer(old, "spec", "hold", "replicas") or 0}},
            user=write.user.name,
            groups=write.user.groups,
            dry_run=write.dry_run,
        )
        return Decider(self.world, lambda: write.time)(review, final=True)

    def _remember(self, write: Write) -> None:
        if not write.allowed or write.dry_run:
            return
        key = (write.kind, write.namespace, write.name)
        if write.operation is Operation.DELETE:
            if (gone := self._stored.pop(key, None)) is not None and write.kind not in POLICY_KINDS:
                self.world.remove(write.kind, gone)
        elif write.stored is not None:
            self.know(as_stored(dict(write.stored)))
        elif write.subresource and key in self._stored:
            old = self._stored[key]
            hold = {**(old["spec"].get("hold") or {}), "replicas": integer(write.sent, "spec", "replicas")}
            self.know({**old, "spec": {**old["spec"], "hold": hold}})


def _asked(write: Write, old: Object | None) -> Object:
    """The object the webhook was asked about. A patch that was let through is known by what it came to."""
    if write.patched and write.stored is not None:
        return as_stored(dict(write.stored))
    if write.sent is None:
        raise UnknownError("the audit policy keeps no bodies")
    if not write.patched:
        return as_stored(dict(write.sent))
    assert old is not None  # noqa: S101 - an update whose old object is unknown does not come here
    if isinstance(write.sent, list):
        return dict(jsonpatch.apply_patch(dict(old), write.sent))
    patched: Object = merged(old, write.sent)
    return patched


def merged(target: Any, patch: Any) -> Any:
    """RFC 7386. A server-side apply is taken for one: it differs where lists are merged by key."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def _located(obj: Object, write: Write) -> Object:
    metadata = {**(obj.get("metadata") or {}), "name": write.name}
    if write.namespace:
        metadata["namespace"] = write.namespace
    return {**obj, "metadata": metadata}


def _difference(write: Write, decision: Decision) -> Difference | None:
    now = frozenset((violation.finding.field, text.detail(violation)) for violation in decision.denied)
    if write.allowed is decision.allowed and (write.allowed or not write.causes or write.causes == now):
        return None
    return Difference(write, decision.allowed, _lines(write.causes - now), _lines(now - write.causes))


def _lines(causes: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted(f"{field}: {message}" for field, message in causes))
