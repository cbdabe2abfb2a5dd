"""CPU and memory of a pool's containers: the part of a template that a running pod may be given without a restart.

Pure. What can be changed in place is how much of them, not whether they are asked for at all, and not where the user
says that a container has to be restarted for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from crds import quantity
from reconciler.children.revision import LENGTH, revision_of

Object = Mapping[str, Any]
Sizes = dict[str, dict[str, dict[str, str]]]
"""By container, by `requests` and `limits`, by resource."""

RESIZABLE: Final = ("cpu", "memory")
KINDS: Final = ("limits", "requests")
RESTART: Final = "RestartContainer"


def shape_of(template: Object) -> str:
    """8 hexadecimal digits, equal for templates between which nobody has to be restarted in a cluster that resizes."""
    bare = deepcopy(dict(template))
    for container in bare["spec"]["containers"]:
        if any(policy.get("restartPolicy") == RESTART for policy in container.get("resizePolicy") or ()):
            continue
        resources = container.get("resources") or {}
        for kind in KINDS:
            for resource in RESIZABLE:
                if resource in (resources.get(kind) or {}):
                    resources[kind][resource] = "any"
    return sha256(json.dumps(revision_of(bare)).encode()).hexdigest()[:LENGTH]


def sizes_of(spec: Object) -> Sizes:
    """What a pod's containers ask for, as the API server stores it: a request that is not made is the limit."""
    found: Sizes = {}
    for container in spec["containers"]:
        resources = container.get("resources") or {}
        limits, requests = (
            {key: str(value) for key, value in (resources.get(kind) or {}).items() if key in RESIZABLE}
            for kind in KINDS
        )
        found[str(container["name"])] = {"limits": limits, "requests": {**limits, **requests}}
    return found


def differing(pod: Object, wanted: Sizes) -> Sizes:
    """Of what is wanted, the containers that the pod's spec has in another size; what else it has counts not, for
    others add containers and defaults.
    """
    here = sizes_of(pod)
    if here == wanted:
        return {}
    return {name: sizes for name, sizes in wanted.items() if name in here and _differ(here[name], sizes)}


def _differ(here: Mapping[str, Mapping[str, str]], wanted: Mapping[str, Mapping[str, str]]) -> bool:
    pairs = [(here[kind].get(key), value) for kind in KINDS for key, value in wanted[kind].items()]
    return any(old is None or (old != new and _number(old) != _number(new)) for old, new in pairs)


def _number(text: str) -> Decimal:
    return quantity.parse(text)
