"""A quick yes to an object that is fine, as nearly every object is that an admission server gets to see.

`fine` says True only where `validate` would find nothing; False means that somebody has to look closer. It judges the
object as it came, so anything that would first have to be decoded (nulls, fields nobody declared, missing defaults,
`1.0` for an integer) counts as not fine. Made from the same nodes as the full judgement, it is several times as fast:
nothing is copied, and no path is kept for a message that will not be needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from crds import meta
from crds.compiling import root
from crds.metadata import is_label_key, is_label_value
from crds.nodes import Boolean, List, Node, Object, Preserved
from crds.patterns import is_date_time
from crds.rules import Rule
from crds.scalar_nodes import Integer, IntegerOrText, Number, Text

Test = Callable[[Any], bool]

_UNBOUNDED: Final = 2**63


class Transition(NamedTuple):
    """A rule that compares with the stored object, where its node is, and what it reads below that."""

    path: tuple[str, ...]
    rule: Rule
    reads: tuple[tuple[str, ...], ...]


class Quick(NamedTuple):
    fields: Mapping[str, Test]
    required: tuple[str, ...]
    holds: tuple[Callable[[Any], bool], ...]
    transitions: tuple[Transition, ...]


def fine(kind: str, obj: Any, old: Any = None, version: str = meta.VERSION) -> bool:
    """Whether `obj`, written over `old`, is beyond doubt. Never raises, whatever JSON the two are."""
    quick = _quick(kind, version)
    if type(obj) is not dict or not _named(obj.get("metadata")):
        return False
    fields = quick.fields
    for key, item in obj.items():
        # The API server keeps metadata by a schema of its own, and writes to the object do not reach its status.
        if key != "status" and (key not in fields or not fields[key](item)):
            return False
    for key in quick.required:
        if key not in obj:
            return False
    for holds in quick.holds:
        if not holds(obj):
            return False
    return old is None or all(_kept(transition, obj, old) for transition in quick.transitions)


@cache
def _quick(kind: str, version: str) -> Quick:
    node = root(kind, version)
    assert isinstance(node, Object)  # noqa: S101 - a kind is an object
    fields = {name: test(part) for name, part in node.properties.items() if name != "metadata"}
    metadata = node.properties["metadata"]
    assert isinstance(metadata, Object)  # noqa: S101 - and so is its metadata
    name = metadata.properties.get("name")
    fields["metadata"] = _metadata(test(name) if name is not None else _text_at_all)
    return Quick(fields, node.required, _holds(node), tuple(_transitions(node, ())))


def test(node: Node) -> Test:
    """The test of one node. A node of a type unknown here is a mistake of ours."""
    match node:
        case Object():
            return _object(node)
        case List():
            return _list(node)
        case Text():
            return _with_rules(_text(node), node)
        case Integer():
            return _with_rules(_integer(node), node)
        case Number():
            return _with_rules(lambda value: _number(node, value), node)
        case IntegerOrText():
            number, words = _integer(node.number), _text(node.text)
            return _with_rules(lambda value: words(value) if type(value) is str else number(value), node)
        case Boolean():
            return _with_rules(lambda value: type(value) is bool, node)
        case Preserved():
            return _with_rules(lambda value: value is not None, node)
    raise TypeError(f"no quick test for {type(node).__name__}")


def _object(node: Object) -> Test:
    get = {name: test(part) for name, part in node.properties.items()}.get
    rest = None if node.rest is None else test(node.rest)
    needed = (*node.required, *(name for name, _ in node.defaults))
    most = _UNBOUNDED if node.at_most is None else node.at_most
    holds = _holds(node)

    def is_fine(value: Any) -> bool:
        if type(value) is not dict or len(value) > most:
            return False
        for key, item in value.items():
            part = get(key, rest)
            if part is None or not part(item):
                return False
        for key in needed:
            if key not in value:
                return False
        for rule in holds:  # noqa: SIM110 - a generator would cost more than the rules
            if not rule(value):
                return False
        return True

    return is_fine


def _list(node: List) -> Test:
    item_is_fine, least, unique, distinct = test(node.items), node.at_least, node.unique, _distinct(node.keys)
    most = _UNBOUNDED if node.at_most is None else node.at_most
    holds = _holds(node)

    def is_fine(value: Any) -> bool:
        if type(value) is not list or not least <= len(value) <= most:
            return False
        for item in value:
            if not item_is_fine(item):
                return False
        if unique and len(value) > 1 and not distinct(value):
            return False
        for rule in holds:  # noqa: SIM110 - a generator would cost more than the rules
            if not rule(value):
                return False
        return True

    return is_fine


def _distinct(keys: tuple[str, ...]) -> Test:
    """Two entries that are the same give the same text; two that merely look alike are looked at more closely."""
    if len(keys) == 1:
        (key,) = keys
        return lambda entries: len({str(entry.get(key)) for entry in entries}) == len(entries)
    if keys:
        return lambda entries: len({repr([entry.get(key) for key in keys]) for entry in entries}) == len(entries)
    return lambda entries: len({repr(entry) for entry in entries}) == len(entries)


def _text(node: Text) -> Test:
    least, most = node.at_least, _UNBOUNDED if node.at_most is None else node.at_most
    enum = frozenset(node.enum)
    if enum:
        return lambda value: type(value) is str and value in enum and len(value) <= most
    if node.time:
        return lambda value: _time(node, value)
    if node.pattern is None:
        return lambda value: type(value) is str and least <= len(value) <= most
    search = node.pattern.search
    return lambda value: type(value) is str and least <= len(value) <= most and search(value) is not None


def _time(node: Text, value: Any) -> bool:
    pattern = node.pattern
    if type(value) is not str or pattern is None or pattern.search(value) is None:
        return False
    return node.at_least <= len(value) <= (node.at_most or _UNBOUNDED) and is_date_time(value)


def _integer(node: Integer) -> Test:
    least = -node.bound if node.least is None else max(node.least, -node.bound)
    most = node.bound - 1 if node.most is None else min(node.most, node.bound - 1)
    return lambda value: type(value) is int and least <= value <= most


def _number(node: Number, value: Any) -> bool:
    if not node.fits(value) or (node.most is not None and value > node.most):
        return False
    return node.least is None or value > node.least or (value == node.least and not node.beyond)


def _text_at_all(value: Any) -> bool:
    return type(value) is str


def _with_rules(plain: Test, node: Node) -> Test:
    holds = _holds(node)
    if not holds:
        return plain
    if len(holds) == 1:
        (rule,) = holds
        return lambda value: plain(value) and rule(value)
    return lambda value: plain(value) and all(rule(value) for rule in holds)


def _holds(node: Node) -> tuple[Callable[[Any], bool], ...]:
    return tuple(rule.holds for rule in node.rules if not rule.transition)


def _transitions(node: Node, path: tuple[str, ...]) -> Iterator[Transition]:
    yield from (Transition(path, rule, rule.reads) for rule in node.rules if rule.transition)
    if isinstance(node, Object):
        for name, part in node.properties.items():
            yield from _transitions(part, (*path, name))
    below = node.items if isinstance(node, List) else node.rest if isinstance(node, Object) else None
    if below is not None and any(_transitions(below, ())):
        raise TypeError(f"a transition rule below a list or map at {'.'.join(path)} has no one old value")


def _kept(transition: Transition, obj: Any, old: Any) -> bool:
    """Whether the rule holds between the two; not where either could mean something else than it says."""
    new, before = obj, old
    for key in transition.path:
        if type(new) is not dict or key not in new:
            return True
        if type(before) is not dict:
            return False
        if key not in before:
            return True
        new, before = new[key], before[key]
    if not all(_as_it_stands(before, read) for read in transition.reads):
        return False
    return type(new) is type(before) and transition.rule.kept(new, before)


def _as_it_stands(node: Any, read: tuple[str, ...]) -> bool:
    """Whether a path into the old object is without nulls: those would have been taken out by decoding."""
    for key in read:
        if type(node) is not dict:
            return False
        if key not in node:
            return True
        node = node[key]
    return node is not None


def _named(metadata: Any) -> bool:
    return type(metadata) is dict and type(metadata.get("name")) is str and metadata["name"] != ""


def _metadata(name_is_fine: Test) -> Test:
    def is_fine(metadata: Any) -> bool:
        labels, annotations = metadata.get("labels", {}), metadata.get("annotations", {})
        if not name_is_fine(metadata["name"]) or type(labels) is not dict or type(annotations) is not dict:
            return False
        for key, value in labels.items():
            if not is_label_key(key) or type(value) is not str or not is_label_value(value):
                return False
        for key, value in annotations.items():  # noqa: SIM110 - a generator would cost more than the test
            if not is_label_key(key.lower()) or type(value) is not str:
                return False
        return True

    return is_fine
