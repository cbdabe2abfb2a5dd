"""Label selectors and name globs with Kubernetes' meaning, compiled once and asked often."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

from policies.fields import items, mapping, strings, text

Labels = Mapping[str, str]
LabelTest = Callable[[Labels], bool]
NameTest = Callable[[str], bool]
_WILDCARD: Final = re.compile(r"[*?]")


def label_test(selector: Mapping[str, Any]) -> LabelTest | None:
    """A test for a LabelSelector, or None for the empty selector, which selects everything."""
    wanted = tuple(mapping(selector, "matchLabels").items())
    requirements = tuple(_requirement(item) for _, item in items(selector, "matchExpressions"))
    if not wanted and not requirements:
        return None

    def selects(labels: Labels) -> bool:
        for key, value in wanted:
            if labels.get(key) != value:
                return False
        for test in requirements:  # noqa: SIM110 - a generator would cost more than the tests
            if not test(labels):
                return False
        return True

    return selects


def _requirement(expression: Mapping[str, Any]) -> LabelTest:
    key, values = text(expression, "key"), frozenset(strings(expression, "values"))
    match text(expression, "operator"):
        case "In":
            return lambda labels: labels.get(key) in values
        case "NotIn":
            return lambda labels: labels.get(key) not in values
        case "Exists":
            return lambda labels: key in labels
        case "DoesNotExist":
            return lambda labels: key not in labels
        case _:
            # The schema refuses other operators; one that came another way selects nothing, as in client-go.
            return lambda _: False


def name_test(globs: tuple[str, ...]) -> NameTest | None:
    """A test whether any glob matches the whole name; None when there are no globs, which means every name."""
    if not globs:
        return None
    pattern = re.compile("|".join(_translated(glob) for glob in globs), re.DOTALL)
    return lambda name: pattern.fullmatch(name) is not None


def apart(globs: Iterable[str], others: Collection[str]) -> bool:
    """Whether no name can match one of the globs and one of the others, as far as their beginnings and ends tell."""
    return not any(_may_meet(one, other) for one in globs for other in others)


def _may_meet(one: str, other: str) -> bool:
    for literal, glob in ((one, other), (other, one)):
        if not _WILDCARD.search(literal):
            return re.fullmatch(_translated(glob), literal, re.DOTALL) is not None
    (head, tail), (other_head, other_tail) = _ends(one), _ends(other)
    return _begins(head, other_head) and _begins(tail[::-1], other_tail[::-1])


def _ends(glob: str) -> tuple[str, str]:
    """What stands before the first wildcard, and what behind the last."""
    first, *_, last = _WILDCARD.split(glob)
    return first, last


def _begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _translated(glob: str) -> str:
    """Only * and ? are wildcards; runs of * are one, or matching a long name could take for ever."""
    return re.sub(r"(?:\\\*)+", ".*", re.escape(glob)).replace(r"\?", ".")
