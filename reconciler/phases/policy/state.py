"""What the phases of a Policy or ClusterPolicy find out during one pass."""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.decision import PolicyRef, Violation
from reconciler.context import Context
from reconciler.keys import Key
from reconciler.phases import Object, State


@dataclass(frozen=True, slots=True)
class Audited:
    """What was found among the stored objects; `violations` holds the first finding of each object, by its key."""

    violations: dict[Key, Violation] = field(default_factory=dict)
    exempted: frozenset[Key] = frozenset()


@dataclass(kw_only=True)
class PolicyState(State):
    """`audited` is None until this pass has looked."""

    audited: Audited | None = None

    @property
    def where(self) -> str | None:
        """The namespace it is about; None for a ClusterPolicy, which may be about any."""
        found: str | None = self.obj["metadata"].get("namespace")
        return found

    @property
    def ref(self) -> PolicyRef:
        return PolicyRef(self.obj["kind"], self.name)

    @property
    def enforced(self) -> bool:
        return self.spec.get("action") == "Deny"


def begin(obj: Object, ctx: Context) -> PolicyState:
    return PolicyState(obj=obj, now=ctx.clock())
