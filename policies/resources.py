"""What the containers of a replica need of a node together, added up as the scheduler does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from crds import quantity
from policies.fields import items, mapping, text
from policies.merging import Effective

UNBOUNDED: Final = frozenset({"cpu", "memory", "ephemeral-storage"})
"""Resources of which a container that names none takes what it finds; of all others it gets none."""

WORKER: Final = "worker"
_BINARY: Final = (("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10))


@dataclass(frozen=True, slots=True)
class Container:
    """`first` ones run before the others start; `stays` marks those of them that go on beside the others."""

    resources: Mapping[str, Any]
    first: bool = False
    stays: bool = False

    def bound(self, name: str) -> Decimal | None:
        """What it may take of a resource: its limit, or else its request; None where it says neither."""
        limit = amount(mapping(self.resources, "limits").get(name))
        return limit if limit is not None else amount(mapping(self.resources, "requests").get(name))


def containers(spec: Mapping[str, Any], effective: Effective) -> list[Container]:
    """The containers of a pool's pods; the worker's resources may be inherited."""
    pod = mapping(spec, "template", "spec")
    found = [Container(mapping(effective.values, "resources"))]
    for _, item in items(pod, "initContainers"):
        stays = text(item, "restartPolicy") == "Always"
        found.append(Container(mapping(item, "resources"), first=True, stays=stays))
    others = (item for _, item in items(pod, "containers") if text(item, "name") != WORKER)
    return found + [Container(mapping(item, "resources")) for item in others]


def total(found: list[Container], name: str) -> Decimal:
    """The most all of them take of a resource at any time: what stays beside what runs, or one that runs first."""
    lasting, peak = Decimal(0), Decimal(0)
    for container in found:
        if not container.first:
            continue
        needs = container.bound(name) or Decimal(0)
        peak = max(peak, lasting + needs)
        if container.stays:
            lasting += needs
    return max(peak, lasting + sum((one.bound(name) or Decimal(0) for one in found if not one.first), Decimal(0)))


def unsaid(found: list[Container], name: str) -> Iterator[Container]:
    """The containers that may take as much of a resource as there is."""
    return (one for one in found if name in UNBOUNDED and one.bound(name) is None)


def amount(value: Any) -> Decimal | None:
    if not isinstance(value, str) and type(value) is not int:
        return None
    try:
        return quantity.parse(value)
    except ValueError:
        return None


def written(number: Decimal) -> str:
    """A quantity as people write it: `6Gi`, `500m`, `2`."""
    for suffix, power in _BINARY:
        if number >= 1 << power and number % (1 << power) == 0:
            return f"{number // (1 << power):f}{suffix}"
    if number != number.to_integral_value():
        return f"{(number * 1000).normalize():f}m"
    return f"{number:.0f}"
