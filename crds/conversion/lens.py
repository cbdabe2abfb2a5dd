"""A lens: one matter that both versions speak of, and how the words of each are made from the other's.

The law that makes conversion lossless is kept by the engine, not by the functions: it makes the other side's words and
then makes ours again from those. Where that gives what was there, the words say all; where not, the original is kept
beside them, and counts again for as long as the words that were made from it stand unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from crds.conversion import trees
from crds.conversion.trees import NOTHING, Path, Tree

Values = Mapping[str, Any]
"""Values by a short name; a name that is not there stands for a field that is not there."""


class Lens(Protocol):
    @property
    def name(self) -> str:
        """By which what is kept of it is found again."""

    def down(self, hub: Tree, beta: Tree, saved: Any, original: Tree) -> Any:
        """Takes what it is about out of `hub` and puts the words of v1beta1 into `beta`.

        `saved` are words of v1beta1 kept from before, NOTHING where there are none; `original` is the hub's whole spec.
        Returns what must be kept for the way back, or NOTHING.
        """

    def up(self, beta: Tree, hub: Tree, saved: Any, original: Tree) -> Any:
        """The same in the other direction. `hub` begins as what v1beta1 had no words for."""


@dataclass(frozen=True, slots=True)
class Same:
    """One field with the same values and another place."""

    name: str
    hub: Path
    beta: Path

    def down(self, hub: Tree, beta: Tree, saved: Any, original: Tree) -> Any:
        return _moved(hub, self.hub, beta, self.beta)

    def up(self, beta: Tree, hub: Tree, saved: Any, original: Tree) -> Any:
        return _moved(beta, self.beta, hub, self.hub)


def same(hub: str, beta: str) -> Same:
    return Same(hub, trees.path(hub), trees.path(beta))


def _moved(source: Tree, there: Path, target: Tree, here: Path) -> Any:
    value = trees.take(source, there)
    if value is not NOTHING:
        trees.put(target, here, value)
    return NOTHING


def everywhere(_: Tree) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together. `to_beta` and `to_hub` are total: what they cannot say they leave out.

    `applies` tells of a hub's spec whether v1beta1 speaks of the matter at all; where not, all of it is kept.
    """

    name: str
    hub: Mapping[str, Path]
    beta: Mapping[str, Path]
    to_beta: Callable[[Values], Values]
    to_hub: Callable[[Values], Values]
    applies: Callable[[Tree], bool] = everywhere

    def down(self, hub: Tree, beta: Tree, saved: Any, original: Tree) -> Any:
        if not self.applies(original):
            return NOTHING
        return _exchange(hub, self.hub, self.to_beta, beta, self.beta, self.to_hub, saved)

    def up(self, beta: Tree, hub: Tree, saved: Any, original: Tree) -> Any:
        return _exchange(beta, self.beta, self.to_hub, hub, self.hub, self.to_beta, saved)


def group(
    name: str,
    hub: Mapping[str, str],
    beta: Mapping[str, str],
    to_beta: Callable[[Values], Values],
    to_hub: Callable[[Values], Values],
    applies: Callable[[Tree], bool] = everywhere,
) -> Group:
    return Group(name, _paths(hub), _paths(beta), to_beta, to_hub, applies)


def _paths(dotted: Mapping[str, str]) -> dict[str, Path]:
    return {name: trees.path(text) for name, text in dotted.items()}


def _exchange(
    source: Tree,
    there: Mapping[str, Path],
    translate: Callable[[Values], Values],
    target: Tree,
    here: Mapping[str, Path],
    back: Callable[[Values], Values],
    saved: Any,
) -> Any:
    given = {name: value for name, at in there.items() if (value := trees.take(source, at)) is not NOTHING}
    made: Values
    if saved is not NOTHING and type(saved) is dict and back(saved) == given:
        made, kept = saved, NOTHING
    else:
        made = translate(given)
        kept = NOTHING if back(made) == given else given
    for name, value in made.items():
        if name in here:
            trees.put(target, here[name], value)
    return kept
