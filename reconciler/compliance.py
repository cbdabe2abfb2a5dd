"""What the policies say of every stored object, remembered between passes.

An object is judged anew when it, a policy of its namespace or the namespace itself changed, and once a minute besides:
exemptions end, and limits count other objects. A pool is looked at every two seconds, so this is what keeps the audit
from costing more than the scaling does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from policies.snapshot import Snapshot
from policies.stored import Stored, stored
from reconciler.keys import Key, key_of

EVERY_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Known:
    about: tuple[Any, ...]
    at: float
    found: Stored


class Compliance:
    def __init__(self) -> None:
        self._known: dict[Key, _Known] = {}

    def of(self, obj: Mapping[str, Any], snapshot: Snapshot, now: datetime, monotonic: float) -> Stored:
        """What the policies say of an object, at most a minute old. Raises `RuleFaultError` where a rule fails."""
        key, about = key_of(obj), _about(obj, snapshot)
        known = self._known.get(key)
        if known is not None and known.about == about and monotonic - known.at < EVERY_SECONDS:
            return known.found
        found = stored(key.kind, obj, snapshot, now)
        self._known[key] = _Known(about, monotonic, found)
        return found

    def last(self, key: Key) -> Stored | None:
        """What was said last, whatever changed since."""
        known = self._known.get(key)
        return known.found if known is not None else None

    def forget(self, key: Key) -> None:
        self._known.pop(key, None)


def _about(obj: Mapping[str, Any], snapshot: Snapshot) -> tuple[Any, ...]:
    """All that a judgement hangs on, but for time and the other objects. A policy's view is another when it changes."""
    metadata = obj["metadata"]
    namespace = metadata.get("namespace", "")
    labels, of_namespace = metadata.get("labels") or {}, snapshot.namespace_labels(namespace)
    return (metadata["uid"], metadata["generation"], dict(labels), snapshot.policies(namespace), dict(of_namespace))
