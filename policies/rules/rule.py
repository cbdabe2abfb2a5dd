"""What a rule is: a small pure function with its name, its reach and one sentence of documentation, as data.

A built-in rule holds everywhere. A policy rule holds where a policy sets its field: its id is the path of that field
below the policy's `spec`. Both only ever yield; what follows from a
finding (refusal, warning, note) is decided by the engine, with the action of the policy it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from crds import duration, meta
from crds.findings import Finding
from policies.decision import Action
from policies.facts import Operation
from policies.subject import Subject


class Breach(NamedTuple):
    """A finding with how far it is beyond the limit, where that can be measured.

    `about` tells several findings of one rule at one field apart, such as those about two resources. `failed` says that
    the rule could not be asked, which counts as broken.
    """

    finding: Finding
    excess: float | None = None
    about: str = ""
    failed: bool = False


WRITES: Final = frozenset({Operation.CREATE, Operation.UPDATE})
CREATION: Final = frozenset({Operation.CREATE})
CHANGE: Final = frozenset({Operation.UPDATE})
DELETION: Final = frozenset({Operation.DELETE})
OBJECT: Final = frozenset({""})
OBJECT_AND_SCALE: Final = frozenset({"", "scale"})
ALL_KINDS: Final = frozenset(kind.kind for kind in meta.KINDS)
WORK_KINDS: Final = frozenset({meta.QUEUE.kind, meta.WORKER_POOL.kind})
POLICIES: Final = ALL_KINDS - WORK_KINDS
QUEUES: Final = frozenset({meta.QUEUE.kind})
POOLS: Final = frozenset({meta.WORKER_POOL.kind})


@dataclass(frozen=True, slots=True)
class Rule:
    """What built-in and policy rules have in common."""

    id: str
    kinds: frozenset[str]
    sentence: str
    operations: frozenset[Operation] = WRITES
    subresources: frozenset[str] = OBJECT

    @property
    def exempt_as(self) -> str:
        """The name by which an exemption lists it: the limit, the list or the rule, without the path to it."""
        return self.id.rpartition(".")[2]

    def covers(self, kind: str, operation: Operation, subresource: str) -> bool:
        return kind in self.kinds and operation in self.operations and subresource in self.subresources


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInRule(Rule):
    """`check` names what is wrong; `who_may` says that it is wrong of this person, not of the value.

    A `timely` rule speaks of the world as it is now, so its findings are told again although the object did not change.
    `needs` is a field of the spec without which the rule has nothing to find, so that it need not be asked.
    """

    check: Callable[[Subject], Iterable[Finding]]
    needs: str = ""
    action: Action = Action.DENY
    who_may: bool = False
    timely: bool = False


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule(Rule):
    """`check` is given what `prepare` made of the policy's field that bears the rule's id; None means nothing to judge.

    `prepare` runs once for each version of a policy, `check` for every request. `strictest` picks of several prepared
    limits the one that finds something wherever any of them does; None where no single one does. It picks among those
    of one `group`, or of one id where there is none.
    """

    check: Callable[[Subject, Any], Iterable[Breach]]
    prepare: Callable[[Any], Any] = _as_it_is
    strictest: Callable[[Iterable[Any]], Any] | None = None
    group: Hashable = None


def number(limit: Any) -> int | None:
    """`prepare` of a limit that is an integer."""
    return limit if type(limit) is int else None


def shortest(lengths: Iterable[str]) -> str:
    return min(lengths, key=duration.milliseconds)


def longest(lengths: Iterable[str]) -> str:
    return max(lengths, key=duration.milliseconds)


def length(limit: Any) -> str | None:
    """`prepare` of a limit that is a duration; its text is kept, for findings quote it."""
    if not isinstance(limit, str):
        return None
    try:
        duration.milliseconds(limit)
    except ValueError:
        return None
    return limit
