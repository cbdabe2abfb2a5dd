"""The series of objects: many, set every second, and gone with their object.

prometheus_client takes some 15 us to write one out and about a KiB to keep it, so with 3,000 pools every scrape would
hold decisions up for most of a second. Here a series is a number under its labels, and what stands before the number is
made once. The text is the exposition format's, as prometheus_client has it but for its `_created` series.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, TypeAlias

from prometheus_client.utils import floatToGoString

from reconciler.declared import Declared
from reconciler.keys import Key

Labels: TypeAlias = tuple[str, ...]
_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Family:
    """One metric's series, by their labels. May be written out by another thread than the one that sets them."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self._values: dict[Labels, float] = {}
        self._heads: dict[Labels, str] = {}

    def get(self, labels: Labels) -> float | None:
        return self._values.get(labels)

    def set(self, labels: Labels, value: float) -> bool:
        """Whether the series is new."""
        new = labels not in self._values
        if new:
            self._heads[labels] = self._head(labels)
        self._values[labels] = value
        return new

    def add(self, labels: Labels, amount: float) -> bool:
        """Whether the series is new."""
        return self.set(labels, self._values.get(labels, 0.0) + amount)

    def remove(self, labels: Labels) -> bool:
        """Whether it was there."""
        self._heads.pop(labels, None)
        return self._values.pop(labels, None) is not None

    def text(self) -> Iterator[str]:
        values = list(self._values.items())  # at once: whoever sets them goes on meanwhile
        name, heads = self._declared.name, self._heads
        yield f"# HELP {name} {self._declared.meaning}\n# TYPE {name} {self._declared.type}\n"
        for labels, value in values:
            if (head := heads.get(labels)) is not None:
                yield f"{head} {_written(value)}\n"

    def _head(self, labels: Labels) -> str:
        pairs = sorted(zip(self._declared.labels, labels, strict=True))
        named = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in pairs)
        return f"{self._declared.name}{{{named}}}"


class Families:
    """All metrics whose series belong to objects."""

    def __init__(self, declared: tuple[Declared, ...]) -> None:
        self._families = {one: Family(one) for one in declared}
        self._of: defaultdict[Key, set[tuple[Declared, Labels]]] = defaultdict(set)

    def __contains__(self, declared: Declared) -> bool:
        return declared in self._families

    def get(self, declared: Declared, labels: Labels) -> float | None:
        return self._families[declared].get(labels)

    def set(self, declared: Declared, labels: Labels, value: float) -> None:
        if self._families[declared].set(labels, value):
            self._of[_owner(declared, labels)].add((declared, labels))

    def add(self, declared: Declared, labels: Labels, amount: float) -> None:
        if self._families[declared].add(labels, amount):
            self._of[_owner(declared, labels)].add((declared, labels))

    def remove(self, declared: Declared, labels: Labels) -> None:
        if self._families[declared].remove(labels):
            self._of[_owner(declared, labels)].discard((declared, labels))

    def forget(self, key: Key) -> None:
        """Take away every series of an object that is gone."""
        for declared, labels in self._of.pop(key, ()):
            self._families[declared].remove(labels)

    def text(self) -> str:
        return "".join(line for family in self._families.values() for line in family.text())


def _written(value: float) -> str:
    return floatToGoString(value)  # type: ignore[no-any-return, no-untyped-call]  # the library has no types there


def _owner(declared: Declared, labels: Labels) -> Key:
    """The object that a series goes away with; a policy without a namespace is a ClusterPolicy."""
    kind = declared.owner
    return Key("ClusterPolicy" if kind == "Policy" and not labels[0] else kind, labels[0], labels[1])
