"""Decisions in words: the status of a denial as the API server's own errors have it, and warnings of one short line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from crds import meta
from policies.decision import Decision, Violation

MAX_WARNING: Final = 120
"""What the API conventions ask for; the API server cuts whole answers at 4,096 characters."""

MAX_CAUSES: Final = 64
MAX_MESSAGE: Final = 16_384

_PLURALS: Final[Mapping[str, str]] = {kind.kind: kind.plural for kind in meta.KINDS}


def detail(violation: Violation) -> str:
    """What kubectl prints behind the field: the finding, and who set the limit."""
    if violation.policy is None:
        return violation.finding.detail()
    return f"{violation.finding.detail()} ({violation.policy}, {violation.rule})"


def line(violation: Violation) -> str:
    return f"{violation.finding.field}: {detail(violation)}"


def warning(violation: Violation) -> str:
    """One line of at most 120 characters; the field and the finding go before the policy when room is short."""
    finding = violation.finding
    if violation.policy is not None:
        return clipped(line(violation), MAX_WARNING)
    # A sentence that begins with the field's own name needs no path before it.
    named = f".{finding.field}".endswith(f".{finding.message.partition(' ')[0]}")
    return clipped(finding.message if named else f"{finding.field}: {finding.message}", MAX_WARNING)


def ending(violation: Violation, expires: datetime) -> str:
    """What a writer is told whose exemption ends soon: the day, and what holds from then on."""
    until = f"exempt until {expires.astimezone(UTC):%Y-%m-%d} only, then {violation.finding.message}"
    return clipped(f"{violation.finding.field}: {until} ({violation.policy}, {violation.exemption})", MAX_WARNING)


def clipped(words: str, most: int) -> str:
    """One line, at most so long; a warning with a line break in it is dropped by the API server without a word."""
    flat = " ".join(words.split())
    return flat if len(flat) <= most else flat[: most - 3] + "..."


def status(decision: Decision, kind: str, name: str) -> dict[str, Any]:
    """The `metav1.Status` of a denial: 422 Invalid with every cause, or 403 where nothing but the person is refused."""
    denied = decision.denied
    details = [detail(violation) for violation in denied]
    who_may = all(violation.who_may for violation in denied)
    causes = [
        {"reason": violation.finding.reason.value, "field": violation.finding.field, "message": words}
        for violation, words in zip(denied[:MAX_CAUSES], details, strict=False)
    ]
    subject = f"{_PLURALS[kind]}.{meta.GROUP}" if who_may else f"{kind}.{meta.GROUP}"
    verdict = "is forbidden" if who_may else "is invalid"
    return {
        "status": "Failure",
        "code": 403 if who_may else 422,
        "reason": "Forbidden" if who_may else "Invalid",
        "message": f'{subject} "{name}" {verdict}: {_together(denied, details)}',
        "details": {"group": meta.GROUP, "kind": _PLURALS[kind] if who_may else kind, "name": name, "causes": causes},
    }


def _together(denied: Sequence[Violation], details: Sequence[str]) -> str:
    """All findings in one sentence, as `field.ErrorList` aggregates them: GitOps tools show nothing but the message."""
    lines = [f"{violation.finding.field}: {words}" for violation, words in zip(denied, details, strict=True)]
    if len(lines) == 1:
        return lines[0]
    told, room = [], MAX_MESSAGE
    for number, words in enumerate(lines):
        room -= len(words)
        if room < 0 or number == MAX_CAUSES:
            told.append(f"and {len(lines) - number} more")
            break
        told.append(words)
    return f"[{', '.join(told)}]"
