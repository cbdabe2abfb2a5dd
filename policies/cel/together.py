"""All rules in CEL of one policy as one expression: nearly every object keeps them all, and asking takes as long once.

It says no more than that all rules hold. Where it is not true, be it that one is broken, that one cannot be asked, or
that together they take too long, each is asked by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from policies.cel.engine import Engine, EvaluationError, Problem, Program, Variables
from policies.subject import Subject


class Verdicts(Protocol):
    """What is asked of a rule: its name, and what it was compiled to for each kind."""

    @property
    def name(self) -> str: ...

    @property
    def verdicts(self) -> Mapping[str, Program | Problem]: ...


class Together:
    """The rules of one version of a policy; every selection of them that is asked for is made once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[tuple[str, ...], AllOf] = {}

    def of(self, rules: Iterable[Any]) -> AllOf:
        picked: tuple[Verdicts, ...] = tuple(rules)
        names = tuple(rule.name for rule in picked)
        if names not in self._known:
            self._known[names] = AllOf(self._engine, picked)
        return self._known[names]


class AllOf:
    """Some rules, compiled together for a kind when that is first asked about."""

    def __init__(self, engine: Engine, rules: tuple[Verdicts, ...]) -> None:
        self._engine = engine
        self._rules = rules
        self._programs: dict[str, Program | None] = {}

    def holds(self, subject: Subject, known: Variables) -> bool:
        """True only where every one of the rules holds."""
        self.make_ready(subject.kind)
        program = self._programs[subject.kind]
        try:
            return program is not None and self._engine.evaluate(program, known) is True
        except EvaluationError:
            return False

    def make_ready(self, kind: str) -> None:
        if kind not in self._programs:
            self._programs[kind] = self._compiled(kind)

    def _compiled(self, kind: str) -> Program | None:
        programs = [rule.verdicts.get(kind) for rule in self._rules]
        ready = [program for program in programs if isinstance(program, Program)]
        return self._engine.all_of(ready) if len(ready) == len(programs) > 1 else None
