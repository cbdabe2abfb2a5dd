"""What metadata.name of our kinds may be: one DNS label, for it becomes part of labels and of other names."""

from __future__ import annotations

from typing import Any, Final

from crds.rules import WORDS_KEY
from crds.v1.scalars import LABEL_PATTERN, NAME_WORDS


def _name(longest: int) -> dict[str, Any]:
    return {"maxLength": longest, "pattern": f"^{LABEL_PATTERN}$", WORDS_KEY: NAME_WORDS}


NAME: Final = _name(63)
# The longest name made from a pool's is a StatefulSet's, whose pods carry <name>-<10 characters> in a label of 63.
POOL_NAME: Final = _name(52)
