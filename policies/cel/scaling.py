"""Which rules in CEL are asked when a WorkerPool is scaled: the request has a number in it, and no WorkerPool.

The rest of the pool comes from the snapshot, which keeps little of it. A rule that a hold could break is asked where
that little is enough; of any other the author is told that scaling passes it by.
"""

from __future__ import annotations

from typing import Final

from policies.cel.engine import Program
from policies.cel.variables import NAMESPACE, OBJECT, OLD_OBJECT, QUEUES, REQUEST
from policies.cel.walk import Path
from policies.projection import POOL_KNOWN

_OF_POOL: Final = (OBJECT, OLD_OBJECT)
_CHANGED: Final[tuple[Path, ...]] = (*((one, "spec", "hold") for one in _OF_POOL), (REQUEST, "subResource"))
_KNOWN: Final[tuple[Path, ...]] = (
    *((one, *path) for one in _OF_POOL for path in POOL_KNOWN),
    (REQUEST,),
    (NAMESPACE,),
    (QUEUES,),
)


def concerned(program: Program) -> bool:
    """Whether scaling a pool can change what the rule says."""
    return any(_meet(path, changed) for path in program.reads for changed in _CHANGED)


def unknown(program: Program) -> list[str]:
    """What the rule looks at and nobody knows when a pool is scaled, as it writes it."""
    return sorted(".".join(path) for path in program.reads if not any(_below(path, one) for one in _KNOWN))


def _meet(one: Path, other: Path) -> bool:
    return _below(one, other) or _below(other, one)


def _below(path: Path, above: Path) -> bool:
    """Whether a path is another one or leads through it."""
    return path[: len(above)] == above
