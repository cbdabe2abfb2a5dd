"""The revision of a pool: a digest of what its workers must be restarted for, and of nothing else.

It is made from what users and policies say, not from the rendered template, so that a new release of Headgate, which
may render it differently, restarts nobody. Replicas, queues without credentials, rate limits and the like are not in
it. The value of a variable of ours is, where the pool's own command, args or environment names it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from reconciler.children import environment
from reconciler.children.blueprint import Blueprint

LENGTH: Final = 8
_SPEC: Final = ("image", "template", "version", "command", "args", "env", "envFrom")
_EFFECTIVE: Final = ("resources", "securityContext", "podSecurityContext", "drain.adminAPI.port")


def revision(blueprint: Blueprint) -> str:
    """Eight hex digits; the same for the same workers, also after a change has been taken back."""
    facts = {
        "spec": {field: blueprint.spec[field] for field in _SPEC if blueprint.spec.get(field)},
        "effective": {path: value for path in _EFFECTIVE if (value := blueprint.effective.get(path)) is not None},
        "secrets": {source.name: source.secret for source in blueprint.sources if source.secret},
        "used": _used(blueprint),
    }
    return hashlib.sha256(_canonical(facts).encode()).hexdigest()[:LENGTH]


def _used(blueprint: Blueprint) -> dict[str, str]:
    """The changing variables that the worker's container refers to, with their values."""
    text = _canonical([blueprint.spec.get(field) for field in ("template", "command", "args", "env")])
    return {name: value for name, value in environment.changing(blueprint).items() if name in text}


def _canonical(value: Mapping[str, Any] | list[Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
