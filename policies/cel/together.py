"""All rules in CEL of one policy as one expression: asking ten of them so takes little more than asking one.

Its value is the list of their verdicts, so that it is known at once which of them do not hold. There is none where a
rule has none, or where together they take too long; each is then asked by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from policies.cel.engine import Engine, EvaluationError, Problem, Program, Variables
from policies.subject import Subject


class Verdicts(Protocol):
    """What is asked of a rule: its name, and what it was compiled to for each kind."""

    @property
    def name(self) -> str: ...

    @property
    def verdicts(self) -> Mapping[str, Program | Problem]: ...


class Answers(dict[str, bool]):
    """Which rules hold for one subject, by their expressions, as far as that is known already."""

    @classmethod
    def about(cls, subject: Subject) -> Answers:
        known: Answers | None = subject.kept.get(cls)
        if known is None:
            known = subject.kept[cls] = cls()
        return known


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


class Joined(NamedTuple):
    """Some rules as one program, and the expression behind each of its verdicts."""

    program: Program
    expressions: tuple[str, ...]


class AllOf:
    """Some rules, compiled together for a kind when that is first asked about."""

    def __init__(self, engine: Engine, rules: tuple[Verdicts, ...]) -> None:
        self._engine = engine
        self._rules = rules
        self._joined: dict[str, Joined | None] = {}

    def hold(self, subject: Subject, known: Variables) -> bool:
        """True only where every one of the rules holds; where some do not, `Answers` says which."""
        self.make_ready(subject.kind)
        joined = self._joined[subject.kind]
        if joined is None:
            return False
        try:
            found = self._engine.evaluate(joined.program, known)
        except EvaluationError:
            return False
        if all(verdict is True for verdict in found):
            return True
        # What is neither true nor false came of a malformed object, and each rule has its own word for that.
        verdicts = zip(joined.expressions, found, strict=True)
        Answers.about(subject).update((asked, verdict) for asked, verdict in verdicts if type(verdict) is bool)
        return False

    def make_ready(self, kind: str) -> None:
        if kind not in self._joined:
            self._joined[kind] = self._compiled(kind)

    def _compiled(self, kind: str) -> Joined | None:
        programs = [rule.verdicts.get(kind) for rule in self._rules]
        ready = [program for program in programs if isinstance(program, Program)]
        joined = self._engine.each_of(ready) if len(ready) == len(programs) > 1 else None
        return None if joined is None else Joined(joined, tuple(program.expression for program in ready))
