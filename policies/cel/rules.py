"""The rules in CEL of one policy: compiled once for each version of it, asked like every other rule a policy sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import crds
from crds import meta
from crds.findings import ABSENT, Finding, Reason
from policies.cel import scaling
from policies.cel.celcpp import CelCpp
from policies.cel.engine import CompileError, Engine, EvaluationError, Problem, Program, Returns, Variables
from policies.cel.scope import Wanted, value_at, variables, wanted
from policies.cel.together import AllOf, Answers, Together
from policies.cel.variables import OLD_OBJECT
from policies.cel.walk import Path
from policies.decision import Action
from policies.facts import Operation
from policies.fields import items, strings, text
from policies.rules.rule import OBJECT, OBJECT_AND_SCALE, WORK_KINDS, WRITES, Breach, PolicyRule
from policies.snapshot import Policies
from policies.subject import Subject
from policies.text import clipped

ENGINE: Final[Engine] = CelCpp()
MOST_POLICY_STEPS: Final = 1_000_000
"""Of all rules of one policy together: some 100 ms at the very worst."""

MOST_TEXT: Final = 16_384
"""Characters of all expressions of one policy. Compiling takes up to 7 us for each and for each kind, and nobody else
is answered meanwhile: 0.2 s at the very worst.
"""

LONGEST: Final = 4096
"""Characters of one expression, by the schema, which tells of longer ones."""

MOST_MESSAGE: Final = 1024
_FIELDS: Final = (("expression", Returns.VERDICT), ("messageExpression", Returns.MESSAGE))
_WHOLE: Final = "spec"
"""The field a finding is about where its rule names none."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, compiled for every kind it is about; a problem stands where it could not be."""

    name: str
    field: str
    message: str
    verdicts: Mapping[str, Program | Problem]
    messages: Mapping[str, Program | Problem]

    @property
    def asked_of_scaling(self) -> bool:
        return _asked_of_scaling(self.verdicts.get(meta.WORKER_POOL.kind))

    def breach(self, subject: Subject) -> tuple[Breach, ...]:
        """What is wrong with an object. A rule that cannot be asked is broken, and so says why."""
        program = self.verdicts[subject.kind]
        if isinstance(program, Problem):
            return (self._broken(f"cannot be asked: {program}"),)
        holds = Answers.about(subject).get(program.expression)
        if holds:
            return ()
        if subject.is_stored and any(path[0] == OLD_OBJECT for path in program.reads):
            # It compares with what was stored, and nothing is known of what was stored before that.
            return ()
        try:
            known = _known(subject)
            if ENGINE.evaluate(program, known) if holds is None else holds:
                return ()
        except EvaluationError as error:
            # What is malformed in the object is told already, and one mistake is told once. Of a pool that is scaled
            # nobody knows enough to say that it is.
            if subject.facts.subresource or not crds.validate(subject.kind, subject.obj, subject.previous):
                return (self._broken(f"failed: {error}"),)
            return ()
        return (Breach(Finding(self.field, Reason.INVALID, self._says(known, subject), self._value(subject))),)

    def _broken(self, why: str) -> Breach:
        finding = Finding(self.field, Reason.INVALID, clipped(f"rule {self.name} {why}", MOST_MESSAGE))
        return Breach(finding, failed=True)

    def _says(self, known: Variables, subject: Subject) -> str:
        if self.message:
            return clipped(self.message, MOST_MESSAGE)
        program = self.messages.get(subject.kind)
        if isinstance(program, Program):
            try:
                said = ENGINE.evaluate(program, known)
            except EvaluationError:
                said = ""
            if said.strip():
                return clipped(said, MOST_MESSAGE)
        return f"rule {self.name} does not hold"

    def _value(self, subject: Subject) -> Any:
        value = value_at(subject.obj, self.field)
        return ABSENT if value is None or isinstance(value, dict | list) else value


def of_policy(spec: Mapping[str, Any], action: Action) -> list[tuple[PolicyRule, Rule, Action]]:
    """Every rule of a policy, what it is asked with, and the action that follows."""
    together = Together(ENGINE)
    found = list(_rules(spec, action, together))
    # Now, and not in the first review of each kind: compiling the longest rules together takes 30 ms.
    for kind in WORK_KINDS:
        for operation in Operation:
            together.of(rule for asked, rule, _ in found if asked.covers(kind, operation, "")).make_ready(kind)
    return found


def _rules(spec: Mapping[str, Any], action: Action, together: Together) -> Iterator[tuple[PolicyRule, Rule, Action]]:
    kinds = _kinds(spec, "match")
    actions = {one.value: one for one in Action}
    for _, rule in items(spec, "rules"):
        about = _kinds(rule) or kinds or WORK_KINDS
        compiled_rule, name = _compiled_rule(rule, about), text(rule, "name")
        asked = PolicyRule(
            id=f"rules.{name}",
            kinds=about,
            sentence=text(rule, "message"),
            operations=_operations(rule),
            subresources=OBJECT_AND_SCALE if compiled_rule.asked_of_scaling else OBJECT,
            check=_ask,
            strictest=together.of,
            group=together,
        )
        yield asked, compiled_rule, actions.get(text(rule, "action"), action)


def _known(subject: Subject) -> Variables:
    """What all rules about a subject look at, made once for all of them."""
    known: Variables | None = subject.kept.get(Variables)
    if known is None:
        facts = subject.facts
        known = variables(subject, _read_by(subject.policies, subject.kind, facts.operation, facts.subresource))
        subject.kept[Variables] = known
    return known


def _read_by(policies: Policies, kind: str, operation: Operation, subresource: str) -> Wanted:
    key = (_read_by, kind, operation, subresource)
    known: Wanted | None = policies.kept(key)
    if known is None:
        known = wanted(kind, _reads(policies, kind, operation, subresource))
        policies.keep(key, known)
    return known


def _reads(policies: Policies, kind: str, operation: Operation, subresource: str) -> frozenset[Path]:
    """What the rules look at that one kind of request is asked, and their messages with them."""
    programs = [
        compiled(expression, kind, returns)
        for view in policies
        for _, rule in items(view.spec, "rules")
        if operation in _operations(rule) and (not subresource or _asked_of_scaling(_verdict(rule, kind)))
        for field, returns in _FIELDS
        if (expression := text(rule, field))
    ]
    return frozenset(path for program in programs if isinstance(program, Program) for path in program.reads)


def _operations(rule: Mapping[str, Any]) -> frozenset[Operation]:
    return frozenset(Operation(one) for one in strings(rule, "operations") if one in set(Operation)) or WRITES


def _verdict(rule: Mapping[str, Any], kind: str) -> Program | Problem:
    return _first(compiled(text(rule, "expression"), kind, Returns.VERDICT))


def _asked_of_scaling(program: Program | Problem | None) -> bool:
    return isinstance(program, Program) and scaling.concerned(program) and not scaling.unknown(program)


def _kinds(obj: Any, *path: str) -> frozenset[str]:
    """The kinds that are named, as far as there are such kinds: the schema tells of the others."""
    return WORK_KINDS.intersection(strings(obj, *path, "kinds"))


def _ask(subject: Subject, rule: Rule | AllOf) -> tuple[Breach, ...]:
    if isinstance(rule, Rule):
        return rule.breach(subject)
    return () if _all_hold(subject, rule) else _SOME


def _all_hold(subject: Subject, rules: AllOf) -> bool:
    try:
        return rules.hold(subject, _known(subject))
    except EvaluationError:
        return False


_SOME: Final = (Breach(Finding(_WHOLE, Reason.INVALID, "not every rule holds")),)
"""Nobody is told this: each rule then speaks for itself."""


def _compiled_rule(rule: Mapping[str, Any], kinds: frozenset[str]) -> Rule:
    saying = text(rule, "messageExpression")
    return Rule(
        name=text(rule, "name"),
        field=text(rule, "fieldPath") or _WHOLE,
        message=text(rule, "message"),
        verdicts={kind: _verdict(rule, kind) for kind in kinds},
        messages={kind: _first(compiled(saying, kind, Returns.MESSAGE)) for kind in kinds if saying},
    )


def _first(found: Program | tuple[Problem, ...]) -> Program | Problem:
    return found if isinstance(found, Program) else found[0]


@lru_cache(maxsize=512)
def compiled(expression: str, kind: str, returns: Returns) -> Program | tuple[Problem, ...]:
    """An expression compiled, or what is wrong with it. Reviews of a Policy and the Policy itself share the work.

    Each takes some 5 KiB, and anybody who may try to apply a Policy can fill it.
    """
    try:
        return ENGINE.compile(expression, kind, returns)
    except CompileError as error:
        return error.problems


def findings(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with the rules of a Policy or ClusterPolicy."""
    characters = _characters(spec)
    if characters > MOST_TEXT:
        message = f"the expressions together have {characters:,} characters, at most {MOST_TEXT:,}: split the policy"
        yield Finding("spec.rules", Reason.INVALID, message)
        return
    kinds = _kinds(spec, "match") or WORK_KINDS
    steps = 0.0
    for path, rule in items(spec, "rules"):
        about = _kinds(rule) or kinds
        for field, returns in _FIELDS:
            expression = text(rule, field)
            if not expression or len(expression) > LONGEST:
                continue
            by_kind = {kind: compiled(expression, kind, returns) for kind in sorted(about)}
            steps += max((one.steps for one in by_kind.values() if isinstance(one, Program)), default=0.0)
            yield from _complaints(f"spec.{path}.{field}", expression, by_kind)
    if steps > MOST_POLICY_STEPS:
        message = f"the rules together could take {steps:,.0f} steps, at most {MOST_POLICY_STEPS:,}"
        yield Finding("spec.rules", Reason.INVALID, message)


def _characters(spec: Mapping[str, Any]) -> int:
    return sum(len(text(rule, field)) for _, rule in items(spec, "rules") for field, _ in _FIELDS)


def passed_by_scaling(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """The rules that a hold could break, and that are not asked of `kubectl scale` all the same."""
    if _characters(spec) > MOST_TEXT:
        return
    kinds, pool = _kinds(spec, "match") or WORK_KINDS, meta.WORKER_POOL.kind
    for path, rule in items(spec, "rules"):
        expression, operations = text(rule, "expression"), strings(rule, "operations")
        if pool not in (_kinds(rule) or kinds) or (operations and Operation.UPDATE not in operations):
            continue
        program = compiled(expression, pool, Returns.VERDICT) if 0 < len(expression) <= LONGEST else None
        if isinstance(program, Program) and scaling.concerned(program) and (missing := scaling.unknown(program)):
            message = f"not asked of kubectl scale, where {missing[0]} is unknown"
            yield Finding(f"spec.{path}.expression", Reason.INVALID, message)


def _complaints(field: str, expression: str, by_kind: Mapping[str, Program | tuple[Problem, ...]]) -> Iterator[Finding]:
    fitting = [kind for kind, found in by_kind.items() if isinstance(found, Program)]
    hint = f"; it fits {fitting[0]} only: set kinds: [{fitting[0]}]" if fitting else ""
    told: set[Problem] = set()
    for found in by_kind.values():
        for problem in found if isinstance(found, tuple) else ():
            if problem not in told:
                told.add(problem)
                yield Finding(field, Reason.INVALID, f"{problem}{hint}", expression)
