"""Objects that are nearly right: good ones with a few edits, which the schema allows, just forbids or never heard of.

Random objects hardly ever get past the first check; edits of good ones reach every rule.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from crds import meta
from crds.schema import Schema, structural
from tests.crds import beta, seeds

_JUNK: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, -1, 1.0, 1.5, 2**31, 2**63, 1e30, "", " ", "0", "1", "5%", "150%", "0s", "1d", "\u00e9"),
    *("x" * 400, "a\n", "UPPER", [], [None], ["a"], ["a", "a"], [1], {}, {"a": None}, {"a": 1}, {"name": "a"}),
)
_NAMES: Final = ("a", "a" * 52, "a" * 53, "a" * 63, "a" * 64, "a-b", "a-", "a.b", "A", "0")


_SEEDS: Final = {meta.VERSION: seeds.BY_KIND, meta.BETA: beta.BY_KIND}


def edited(kind: str, version: str = meta.VERSION) -> SearchStrategy[dict[str, Any]]:
    """An object of the kind with up to five edits."""
    return st.sampled_from(_SEEDS[version][kind]).flatmap(lambda seed: edits_of(kind, seed, version))


@st.composite
def edits_of(draw: DrawFn, kind: str, seed: dict[str, Any], version: str = meta.VERSION) -> dict[str, Any]:
    obj = copy.deepcopy(seed)
    schema = structural(kind, version)["properties"]["spec"]
    for _ in range(draw(st.integers(0, 5))):
        if isinstance(obj.get("spec"), dict):
            _edit(draw, schema, obj["spec"])
    if draw(st.integers(0, 9)) == 0:
        obj["metadata"]["name"] = draw(st.sampled_from(_NAMES))
    return obj


def _edit(draw: DrawFn, schema: Schema, node: dict[str, Any]) -> None:
    """Change one field of the node, or one further down."""
    names = [*schema.get("properties", {})] or [*node, "a"]
    present = [name for name in names if isinstance(node.get(name), dict | list) and node[name]]
    if present and draw(st.integers(0, 2)) > 0:
        name = draw(st.sampled_from(present))
        _edit_below(draw, _part(schema, name), node[name])
        return
    name = draw(st.sampled_from(names))
    draw(st.sampled_from(_EDITS))(draw, _part(schema, name), node, name)


def _part(schema: Schema, name: str) -> Schema:
    part = schema.get("properties", {}).get(name) or schema.get("additionalProperties") or {}
    return dict(part)


def _edit_below(draw: DrawFn, schema: Schema, node: Any) -> None:
    if isinstance(node, list):
        index = draw(st.integers(0, len(node) - 1))
        change = draw(st.sampled_from(("edit", "edit", "again", "value", "junk")))
        if change == "edit" and isinstance(node[index], dict):
            _edit(draw, schema.get("items", {}), node[index])
        elif change == "again":
            node.append(copy.deepcopy(node[index]))
        else:
            wanted: SearchStrategy[Any] = values(schema.get("items", {})) if change == "value" else _junk()
            node[index] = draw(wanted)
    else:
        _edit(draw, schema, node)


def _to_a_value(draw: DrawFn, schema: Schema, node: dict[str, Any], name: str) -> None:
    node[name] = draw(values(schema))


def _to_a_bound(draw: DrawFn, schema: Schema, node: dict[str, Any], name: str) -> None:
    node[name] = draw(_around_bounds(schema))


def _to_junk(draw: DrawFn, schema: Schema, node: dict[str, Any], name: str) -> None:
    node[name] = draw(_junk())


def _to_nothing(draw: DrawFn, schema: Schema, node: dict[str, Any], name: str) -> None:
    node.pop(name, None)


def _to_unknown(draw: DrawFn, schema: Schema, node: dict[str, Any], name: str) -> None:
    node[name + "x"] = draw(_junk())


_EDITS: Final[tuple[Callable[[DrawFn, Schema, dict[str, Any], str], None], ...]] = (
    *(_to_a_value, _to_a_value, _to_a_value, _to_a_bound, _to_a_bound),
    *(_to_junk, _to_nothing, _to_unknown),
)


def _junk() -> SearchStrategy[Any]:
    return st.sampled_from(_JUNK).map(copy.deepcopy)


def values(schema: Schema, depth: int = 0) -> SearchStrategy[Any]:
    """Values that fit the node, as far as the node alone can tell."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "x-kubernetes-int-or-string" in schema:
        numbers = st.integers(schema.get("minimum", 0), schema.get("maximum", 20))
        return numbers | _texts(schema)
    match schema.get("type"):
        case "object":
            return _objects(schema, depth)
        case "array":
            return st.lists(values(schema["items"], depth + 1), max_size=3)
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema.get("minimum", -5), min(schema.get("maximum", 70_000), 70_000))
        case "number":
            low, high = schema.get("minimum", 0), min(schema.get("maximum", 1000), 1000)
            return st.floats(low, high, exclude_min=schema.get("exclusiveMinimum", False)) | st.just(int(high))
        case "string":
            return _texts(schema)
    return _junk()


def _texts(schema: Schema) -> SearchStrategy[str]:
    longest = schema.get("maxLength", 30)
    if "pattern" not in schema:
        return st.text(st.characters(codec="utf-8"), min_size=schema.get("minLength", 0), max_size=min(longest, 30))
    whole = re.compile(schema["pattern"].removesuffix("$") + r"\Z", re.ASCII)
    return st.from_regex(whole).filter(lambda text: len(text) <= longest)


@st.composite
def _objects(draw: DrawFn, schema: Schema, depth: int) -> dict[str, Any]:
    if "additionalProperties" in schema:
        keys = st.sampled_from(("a", "b", "cpu", "headgate.dev/x"))
        return draw(st.dictionaries(keys, values(schema["additionalProperties"], depth + 1), max_size=2))
    properties, required = schema.get("properties", {}), schema.get("required", [])
    optional = [name for name in properties if name not in required]
    most = max(1, 4 - depth)
    chosen = draw(st.lists(st.sampled_from(optional), max_size=most, unique=True)) if optional else []
    return {name: draw(values(properties[name], depth + 1)) for name in [*required, *chosen]}


def _around_bounds(schema: Schema) -> SearchStrategy[Any]:
    """The last value that fits and the first that does not, at both ends."""
    found: list[Any] = [0, ""]
    for bound, beyond in (("minimum", -1), ("maximum", 1)):
        if bound in schema:
            found += [schema[bound], schema[bound] + beyond, float(schema[bound])]
    for bound in ("minLength", "maxLength"):
        if bound in schema:
            found += ["a" * max(0, schema[bound] + step) for step in (-1, 0, 1)]
    if "maxItems" in schema:
        found.append([None] * (schema["maxItems"] + 1))
    if "maxProperties" in schema:
        found.append({f"k{index}": "v" for index in range(schema["maxProperties"] + 1)})
    return st.sampled_from(found).map(copy.deepcopy)
