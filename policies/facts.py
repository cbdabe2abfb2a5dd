"""Everything an admission decision may depend on, gathered before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from crds.words import Word
from policies.snapshot import Snapshot

Object = Mapping[str, Any]


class Operation(Word):
    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


class User(NamedTuple):
    """Who asks, as the API server tells it."""

    name: str = ""
    groups: tuple[str, ...] = ()


NOBODY: Final = User()


@dataclass(frozen=True, slots=True)
class Facts:
    """One request, with the state of the world it is judged against.

    `new` is None on DELETE, `old` is None on CREATE. For `subresource` "scale" the objects are the WorkerPool before
    and after, joined by the caller from the snapshot, never the Scale itself. `final` says that nothing can be
    defaulted any more (validating admission, audit): the object is judged as it stands, and no patch is made.
    `namespaced_rules` says that the install lets Policies carry rules in CEL. `size` is how many bytes the
    request came in, 0 where nobody knows. `manager` is the field manager under whose name the client writes, "" where
    it names none.
    """

    kind: str
    operation: Operation
    new: Object | None
    old: Object | None
    snapshot: Snapshot
    now: datetime
    subresource: str = ""
    user: User = NOBODY
    dry_run: bool = False
    final: bool = False
    namespaced_rules: bool = True
    size: int = 0
    manager: str = ""
