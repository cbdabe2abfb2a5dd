"""A static rule of the API: one declaration with two faces, CEL for the API server and Python for everyone else.

`cel` is evaluated by the API server on the node the rule is attached to (`self`, and `oldSelf` where it speaks of the
stored object); `holds` is the same sentence in Python, on the decoded node (nulls dropped, schema defaults filled in).
A test judges generated objects by both and by a real API server, so the two cannot drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from crds.findings import Reason

# Keys that only we read; they never reach a CRD.
KEY: Final = "x-rules"
WORDS_KEY: Final = "x-words"
TYPE_NAME_KEY: Final = "x-type-name"

_READS: Final = re.compile(r"\bself((?:\.\w+\b(?!\())+)")
_PATHS: Final = re.compile(r"\b(self|oldSelf)\.(\w+(?:\.\w+)*)")
_WORDS_OF_CEL: Final = re.compile(
    r"\.(true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while)\b"
)
"""Fields whose names are words of CEL's own. API servers of 1.30 know them by their escaped names only, later ones by
both; a schema that has one unescaped is refused there as a whole."""
PLACEHOLDER: Final = re.compile(r", \{([\w.]+)\}")


@dataclass(frozen=True, slots=True)
class Rule:
    """`field` is the path below the node that the finding names.

    `, {a.b}` in `message` is filled with the value there. The API server's own message goes without it: CEL could put
    it in, but the cost of making text from a number is estimated as unbounded, and such a CRD is refused.
    """

    cel: str
    message: str
    holds: Callable[..., bool]
    field: str = ""
    reason: Reason = Reason.INVALID

    @property
    def transition(self) -> bool:
        """Whether the rule compares with the stored object: then `holds` takes (new, old)."""
        return "oldSelf" in self.cel

    def upheld(self, node: Any) -> bool:
        """Whether a rule about one state holds.

        It has nothing to say of a value of a wrong type that is let through because it was stored like that.
        """
        try:
            return bool(self.holds(node))
        except (KeyError, TypeError, AttributeError):
            return True

    def kept(self, new: Any, old: Any) -> bool:
        """Whether a transition rule holds. It does not where the stored object lacks what it reads, as in CEL.

        Such an object was stored before a field was required, or comes from somebody else than an API server.
        """
        try:
            return bool(self.holds(new, old))
        except (KeyError, TypeError, AttributeError):
            return False

    @property
    def reads(self) -> tuple[tuple[str, ...], ...]:
        """The paths below the node that the rule looks at; it is not judged while one of them is malformed."""
        return tuple({tuple(path[1:].split(".")): None for path in _READS.findall(self.cel)}) or ((),)

    def text(self, node: Any) -> str:
        return PLACEHOLDER.sub(lambda match: f", {_lookup(node, match[1])}", self.message)

    def as_validation(self) -> dict[str, Any]:
        """The entry of `x-kubernetes-validations`."""
        rule = _WORDS_OF_CEL.sub(r".__\1__", self.cel)
        entry: dict[str, Any] = {"rule": rule, "message": PLACEHOLDER.sub("", self.message)}
        if self.field:
            entry["fieldPath"] = "." + self.field
        if self.reason is not Reason.INVALID:
            entry["reason"] = str(self.reason)
        return entry


@dataclass(frozen=True, slots=True)
class Rules:
    """Attaches rules to a type: `Annotated[str, Rules(positive)]`; models carry theirs in `RULES`."""

    rules: tuple[Rule, ...]

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core)
        schema[KEY] = [*schema.get(KEY, ()), *self.rules]
        return schema


def renamed(rule: Rule, names: Mapping[str, str]) -> Rule:
    """The same rule for a node whose fields have other names: `names` gives, for a path here, the one there.

    So a rule that holds between fields of the stored version is generated into the others, not written again.
    """

    def path(text: str) -> str:
        return names.get(text, text)

    back = {there: here.rpartition(".")[2] for here, there in names.items()}
    return Rule(
        cel=_PATHS.sub(lambda match: f"{match[1]}.{path(match[2])}", rule.cel),
        message=PLACEHOLDER.sub(lambda match: f", {{{path(match[1])}}}", rule.message),
        holds=lambda *states: rule.holds(*(_with_keys(state, back) for state in states)),
        field=path(rule.field),
        reason=rule.reason,
    )


def _with_keys(node: Any, names: Mapping[str, str], at: str = "") -> Any:
    """The node with the last step of the paths in `names` replaced."""
    if isinstance(node, Mapping):
        return {names.get(at + key, key): _with_keys(part, names, f"{at}{key}.") for key, part in node.items()}
    return node


def _lookup(node: Any, path: str) -> Any:
    for key in path.split("."):
        node = node.get(key, "") if isinstance(node, Mapping) else ""
    return node
