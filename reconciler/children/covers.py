"""Whether a stored object already says all that would be applied, so that an unchanged child costs no request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crds import quantity

_QUANTITIES: Final = frozenset({"requests", "limits"})
_IN_THE_METADATA: Final = ("labels", "annotations")


def covers(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether applying `wanted` would change nothing. The server's own defaults and fields in `live` do not count."""
    metadata, given = live["metadata"], wanted["metadata"]
    bodies = {key: value for key, value in wanted.items() if key not in ("apiVersion", "kind", "metadata")}
    return _holds(live, bodies) and all(
        _holds(metadata.get(field) or {}, given.get(field) or {}) for field in _IN_THE_METADATA
    )


def _holds(live: Any, wanted: Any, *, quantities: bool = False) -> bool:
    if not wanted and not live:
        # The server leaves out what is empty, zero or false.
        return True
    if isinstance(wanted, Mapping):
        return isinstance(live, Mapping) and all(
            _holds(live.get(key), value, quantities=key in _QUANTITIES or quantities) for key, value in wanted.items()
        )
    if isinstance(wanted, list) and wanted:
        same_length = isinstance(live, list) and len(live) == len(wanted)
        return same_length and all(_holds(*pair, quantities=quantities) for pair in zip(live, wanted, strict=True))
    return live == wanted or (quantities and _same_quantity(live, wanted))


def _same_quantity(live: Any, wanted: Any) -> bool:
    """The server stores `1000m` as `1`."""
    try:
        return live is not None and quantity.parse(live) == quantity.parse(wanted)
    except ValueError:
        return False
