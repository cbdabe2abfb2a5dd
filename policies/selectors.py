"""Label selectors and name globs with Kubernetes' meaning, compiled once and asked often."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from policies.fields import items, mapping, strings, text

Labels = Mapping[str, str]
LabelTest = Callable[[Labels], bool]
NameTest = Callable[[str], bool]


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


def _translated(glob: str) -> str:
    """Only * and ? are wildcards; runs of * are one, or matching a long name could take for ever."""
    return re.sub(r"(?:\\\*)+", ".*", re.escape(glob)).replace(r"\?", ".")
