"""Running a suite of policy tests: each case is judged by the server's engine and compared with what it expects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import orjson

from headgate.offline.judging import KINDS
from headgate.offline.suites import Case, Expected, ExpectedViolation, LoadedSuite
from policies import Decision, Facts, MemorySnapshot, Operation, RuleFaultError, User, Violation, decide
from policies.fields import text
from webhooks import review
from webhooks.decider import Decider
from webhooks.manifests import Manifest, placed, stored

T = TypeVar("T")
Wanted = TypeVar("Wanted")

WANT: Final = "-"
GOT: Final = "+"


@dataclass(frozen=True, slots=True)
class Result:
    """One case; `differences` are lines of a diff, from what is expected (-) to what came out (+)."""

    name: str
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.differences


def run(loaded: LoadedSuite) -> Iterator[Result]:
    """Every case of a suite. Raises ManifestError where its world cannot be read."""
    world = MemorySnapshot.of(stored(found.obj) for found in placed(loaded.around(), loaded.suite.namespace))
    now = loaded.moment()
    for case in loaded.suite.tests:
        yield Result(case.name, tuple(_differences(case, loaded, world, now)))


def _differences(case: Case, loaded: LoadedSuite, world: MemorySnapshot, now: datetime) -> Iterator[str]:
    try:
        decision = _decision(case, loaded, world, now)
    except (review.BadReviewError, RuleFaultError) as error:
        yield f"it cannot be judged: {error}"
        return
    yield from compared(case.expect, decision)


def _decision(case: Case, loaded: LoadedSuite, world: MemorySnapshot, now: datetime) -> Decision:
    if case.review is not None:
        asked = review.parse(orjson.dumps(case.review))
        return Decider(world, lambda: now)(asked, final=False)
    new, old = (_placed(obj, loaded) for obj in (case.object, case.old_object))
    kind = text(new, "kind")
    if kind not in KINDS:
        raise review.BadReviewError(f"Headgate does not judge {kind or 'an object without kind'}")
    operation = Operation.CREATE if old is None else Operation.UPDATE
    return decide(Facts(kind, operation, new, old, world, now, user=User(case.user.name, case.user.groups)))


def _placed(obj: dict[str, Any] | None, loaded: LoadedSuite) -> dict[str, Any] | None:
    if obj is None or "kind" not in obj:
        return obj
    here = loaded.manifest
    (found,) = placed([Manifest(obj, here.path, here.number)], loaded.suite.namespace)
    return stored(found.obj)


def compared(expect: Expected, decision: Decision) -> Iterator[str]:
    """What differs, part by part; parts the case does not speak of are not looked at."""
    verdict = "Allow" if decision.allowed else "Deny"
    if expect.verdict not in (None, verdict):
        yield from ("verdict", f"  {WANT} {expect.verdict}", f"  {GOT} {verdict}")
    if expect.violations is not None:
        missing, left = _unmatched(expect.violations, decision.violations, _is)
        yield from _diff("violations", map(_wanted, missing), map(_found, left))
    if expect.warnings is not None:
        absent, more = _unmatched(expect.warnings, decision.warnings, _within)
        yield from _diff("warnings", absent, more)
    if expect.patch is not None and list(expect.patch) != list(decision.patch):
        lacking, made = _unmatched(expect.patch, decision.patch, _same)
        yield from _diff("patch", map(json.dumps, lacking), map(json.dumps, made)) or ("patch: in another order",)


def _unmatched(
    wanted: Iterable[Wanted], found: Sequence[T], matches: Callable[[Wanted, T], bool]
) -> tuple[list[Wanted], list[T]]:
    """What is wanted and not found, and what is found beyond what is wanted. The most exact wish should come first."""
    missing, left = [], list(found)
    for one in wanted:
        match = next((index for index, other in enumerate(left) if matches(one, other)), None)
        if match is None:
            missing.append(one)
        else:
            del left[match]
    return missing, left


def _diff(part: str, missing: Iterable[str], left: Iterable[str]) -> list[str]:
    lines = [*(f"  {WANT} {one}" for one in missing), *(f"  {GOT} {one}" for one in left)]
    return [part, *lines] if lines else []


def _is(want: ExpectedViolation, found: Violation) -> bool:
    return (
        want.field in (None, found.finding.field)
        and want.rule in (None, found.rule, found.rule.rpartition(".")[2])
        and want.policy in (None, str(found.policy or ""), found.policy.name if found.policy else "")
        and want.action in (None, found.action)
        and (want.message is None or want.message in found.finding.detail())
    )


def _within(want: str, found: str) -> bool:
    return want in found


def _same(want: Any, found: Any) -> bool:
    return bool(want == found)


def _wanted(want: ExpectedViolation) -> str:
    return ", ".join(f"{key}: {value}" for key, value in want.model_dump(exclude_none=True).items())


def _found(found: Violation) -> str:
    parts = {
        "field": found.finding.field,
        "rule": found.rule,
        "policy": found.policy and found.policy.name,
        "action": found.action,
        "message": found.finding.detail(),
    }
    return ", ".join(f"{key}: {value}" for key, value in parts.items() if value)
