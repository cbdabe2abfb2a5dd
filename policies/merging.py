"""Inheritance leaf by leaf: the first layer that sets a leaf decides it, and the result remembers which one did.

A leaf is whatever is not an object: a scalar or a whole list. An empty object and null set nothing. Where one layer
has a leaf and a later one an object at the same path (or the other way round) the earlier layer wins whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Layer = tuple[str, Mapping[str, Any]]
"""An origin, as `status.effective` names it, and the values it sets."""


@dataclass(frozen=True, slots=True)
class Effective:
    """Values as nested objects, and the origin of each leaf by its dotted path."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Any:
        """The value at a dotted path, or None where nothing sets it."""
        value: Any = self.values
        for key in path.split("."):
            if not isinstance(value, dict):
                return None
            value = value.get(key)
        return value

    def origin(self, path: str) -> str:
        return self.origins.get(path, "")

    def leaves(self) -> Iterator[tuple[str, Any, str]]:
        """Every leaf as (dotted path, value, origin), in the order of the layers that set them."""
        for path, origin in self.origins.items():
            yield path, self.get(path), origin

    def under(self, origin: str, values: Mapping[str, Any]) -> None:
        """Lay another layer under all there is."""
        _overlay(self.values, values, origin, "", self.origins)

    def fill(self, origin: str, path: str, value: Any) -> None:
        """Set one leaf unless it is set."""
        keys = path.split(".")
        holder: Any = self.values
        for key in keys[:-1]:
            holder = holder.get(key)
            if type(holder) is not dict:
                break
        else:
            if keys[-1] in holder and type(value) is not dict:
                return
        nested: Any = value
        for key in reversed(keys):
            nested = {key: nested}
        self.under(origin, nested)

    def replace(self, path: str, value: Any) -> None:
        """Change the value of a leaf that is set, keeping its origin."""
        *parents, last = path.split(".")
        holder = self.values
        for key in parents:
            holder = holder[key]
        holder[last] = value


def merge(layers: Iterable[Layer]) -> Effective:
    """Lay the layers under one another, strongest first."""
    effective = Effective()
    for origin, values in layers:
        effective.under(origin, values)
    return effective


def _overlay(
    target: dict[str, Any], values: Mapping[str, Any], origin: str, prefix: str, origins: dict[str, str]
) -> None:
    for key, value in values.items():
        if value is None:
            continue
        if isinstance(value, dict):
            _overlay_object(target, key, value, origin, prefix, origins)
        elif key not in target:
            target[key] = value
            origins[prefix + key] = origin


def _overlay_object(
    target: dict[str, Any], key: str, value: Mapping[str, Any], origin: str, prefix: str, origins: dict[str, str]
) -> None:
    below = target.get(key)
    if below is None:
        below = {}
        _overlay(below, value, origin, f"{prefix}{key}.", origins)
        if below:
            target[key] = below
    elif isinstance(below, dict):
        _overlay(below, value, origin, f"{prefix}{key}.", origins)
