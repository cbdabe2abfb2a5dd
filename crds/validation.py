"""Every static finding of one object: what its schema and its rules say, with the same verdict as the API server.

Where a value is malformed only the rules that read it stay silent; everything else is said in one go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crds import meta, metadata
from crds.compiling import root
from crds.findings import ABSENT, Finding
from crds.judgement import Judgement, Path
from crds.quick import fine
from crds.rules import Rule


def validate(
    kind: str, obj: Mapping[str, Any], old: Mapping[str, Any] | None = None, version: str = meta.VERSION
) -> tuple[Finding, ...]:
    """The findings of `obj` as it would be stored over `old`; never raises, whatever JSON `obj` is.

    Status is not judged: writes to the object itself do not reach it. KeyError when `kind` is none of ours.
    """
    return () if fine(kind, obj, old, version) else closely(kind, obj, old, version)


def closely(
    kind: str, obj: Mapping[str, Any], old: Mapping[str, Any] | None = None, version: str = meta.VERSION
) -> tuple[Finding, ...]:
    """The whole judgement, of which `crds.quick` knows only when it would find nothing."""
    node, judgement = root(kind, version), Judgement()
    before = ABSENT if old is None else node.decoded(old)
    node.check(node.decoded(obj), before, (), judgement)
    metadata.check(obj, judgement)
    for path, rule, value, previous in judgement.rules:
        if not judgement.malformed or _judgeable(path, rule.reads, judgement.malformed):
            _ask(path, rule, value, previous, judgement)
    return tuple(judgement.findings)


def _ask(path: Path, rule: Rule, node: Any, before: Any, into: Judgement) -> None:
    if rule.transition:
        if before is ABSENT or rule.kept(node, before):
            return
    elif rule.upheld(node):
        return
    where = (*path, *rule.field.split(".")) if rule.field else path
    into.add(where, rule.reason, rule.text(node), _at(node, rule.field))


def _at(node: Any, field: str) -> Any:
    for step in field.split(".") if field else ():
        node = node.get(step, ABSENT) if isinstance(node, Mapping) else ABSENT
    return ABSENT if isinstance(node, dict | list) else node


def _judgeable(path: Path, reads: tuple[tuple[str, ...], ...], malformed: list[Path]) -> bool:
    return not any(_related((*path, *read), broken) for read in reads for broken in malformed)


def _related(one: Path, other: Path) -> bool:
    length = min(len(one), len(other))
    return one[:length] == other[:length]
