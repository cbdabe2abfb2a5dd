"""What the phases of a Policy or ClusterPolicy find out during one pass."""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.decision import Action, PolicyRef, Violation
from policies.fields import items, text
from reconciler.context import Context
from reconciler.keys import Key
from reconciler.phases import Object, State


@dataclass(frozen=True, slots=True)
class Audited:
    """What was found among the stored objects; `violations` holds the findings of each that has any, by its key."""

    violations: dict[Key, tuple[Violation, ...]] = field(default_factory=dict)
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
    def action(self) -> Action:
        return Action(text(self.spec, "action") or Action.DENY)

    @property
    def own_actions(self) -> dict[str, Action]:
        """The rules, by their ids, that do not follow the policy's action but have one of their own."""
        return {
            f"rules.{text(rule, 'name')}": Action(action)
            for _, rule in items(self.spec, "rules")
            if (action := text(rule, "action"))
        }


def begin(obj: Object, ctx: Context) -> PolicyState:
    return PolicyState(obj=obj, now=ctx.clock())
