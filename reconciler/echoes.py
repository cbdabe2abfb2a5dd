"""What a watch tells of our own writes, left out before kopf hears of it.

The answer to a write is in the store long before kopf has made a task, a queue and a dozen objects of the event that
tells of it. With 20 statuses a second that is garbage all the time, which the collector has to look for.
"""

from __future__ import annotations

import re
from typing import Final

from reconciler.keys import Key
from reconciler.store import Stored

_CHANGED: Final = b'{"type":"MODIFIED"'
_NAMED: Final = re.compile(rb'"name":"([^"]+)","namespace":"([^"]+)","resourceVersion":"([^"]+)","uid":"([^"]+)"')
"""As the API server writes the metadata of a custom resource, whose fields it sorts. Built-in kinds are told in another
order, and are never left out.
"""


def is_echo(store: Stored, kind: str, line: bytes) -> bool:
    """Whether an event of a watch tells of a change what the store holds already. False where that is not plain."""
    found = _NAMED.search(line) if line.startswith(_CHANGED) else None
    if found is None:
        return False
    name, namespace, version, uid = (part.decode() for part in found.groups())
    held = store.get(Key(kind, namespace, name))
    return held is not None and (held["metadata"]["uid"], held["metadata"]["resourceVersion"]) == (uid, version)
