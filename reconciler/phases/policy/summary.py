"""`status` of a Policy, and when it is safe to let it deny. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from policies.decision import Action, Violation
from policies.exemptions import of_policy
from policies.moments import moment
from policies.text import detail
from reconciler.conditions import READY
from reconciler.keys import Key
from reconciler.outcome import Outcome
from reconciler.phases.policy.state import Audited, PolicyState
from reconciler.reasons import Reason

SAMPLES: Final = 10
SAFE_AFTER: Final = timedelta(days=7)
FIELDS: Final = ("violations", "exempted", "activeExemptions", "samples", "readyToEnforce")
LONGEST_MESSAGE: Final = 256


def summarize(state: PolicyState, outcome: Outcome) -> Mapping[str, Any]:
    audited = state.audited
    if audited is None:
        return {name: state.status.get(name) for name in FIELDS}
    ready = None if state.action is Action.DENY else _ready_to_enforce(state, _would_be_refused(state, audited))
    _say_ready(state, ready)
    samples = sorted(audited.violations.items(), key=lambda item: item[0])[:SAMPLES]
    return {
        "violations": len(audited.violations),
        "exempted": len(audited.exempted),
        "activeExemptions": sum(state.now < exemption.expires for exemption in of_policy(state.spec)),
        "samples": [_sample(key, found[0]) for key, found in samples] or None,
        "readyToEnforce": ready,
    }


def _would_be_refused(state: PolicyState, audited: Audited) -> int:
    """The objects that `action: Deny` would refuse: a rule with an action of its own goes on with that."""
    own = state.own_actions
    return sum(any(one.rule not in own for one in found) for found in audited.violations.values())


def _ready_to_enforce(state: PolicyState, violations: int) -> dict[str, Any]:
    """`since` is kept while nothing would be refused; another spec has to prove itself anew."""
    before = state.status.get("readyToEnforce") or {}
    since = before.get("since") if state.status.get("observedGeneration") == state.generation else None
    if violations:
        return {"wouldRefuse": violations}
    return {"wouldRefuse": 0, "since": since or f"{state.now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}


def _say_ready(state: PolicyState, ready: Mapping[str, Any] | None) -> None:
    since: datetime | None = moment(ready.get("since", "")) if ready else None
    if since is not None and state.now - since >= SAFE_AFTER:
        message = f"In force; nothing stored would have been refused since {since:%Y-%m-%d}: safe to Deny"
        state.conditions.true(READY, Reason.SAFE_TO_DENY, message)
    else:
        state.conditions.true(READY, Reason.IN_FORCE, "In force")


def _sample(key: Key, violation: Violation) -> dict[str, Any]:
    return {
        "kind": key.kind,
        "namespace": key.namespace or None,
        "name": key.name,
        "field": violation.finding.field,
        "rule": violation.rule,
        "message": detail(violation)[:LONGEST_MESSAGE],
    }
