"""The field reference of one kind as Markdown: one page a kind and version, one table an object, generated from the
models.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from crds import meta, rules
from crds.fielddocs import field_docs, model_doc
from crds.schema import VERSIONS, Schema, structural
from crds.v1.base import MODEL_KEY


def page(kind: meta.Kind, version: str = meta.VERSION) -> str:
    """The page of one kind in one of its versions."""
    return "\n".join(_lines(kind, version)) + "\n"


def _lines(kind: meta.Kind, version: str) -> Iterator[str]:
    schema = structural(kind.kind, version)
    yield f"# {kind.kind}" if version == meta.VERSION else f"# {kind.kind} in {version}"
    yield ""
    yield f"<!-- Made from the models in crds/{version} by `python -m crds.generate`. Do not edit. -->"
    yield ""
    yield model_doc(VERSIONS[version][kind.kind])
    yield ""
    if version == meta.VERSION:
        yield f"`apiVersion: {meta.API_VERSION}`, short name `{kind.short_name}`."
    else:
        yield f"`apiVersion: {meta.GROUP}/{version}`, deprecated: [what it means in {meta.VERSION}](../versions.md)."
    for part in ("spec", "status") if version == meta.VERSION else ("spec",):
        yield from _section(schema["properties"][part], part)
    if version != meta.VERSION:
        yield ""
        yield f"`status` is that of [{meta.VERSION}]({kind.singular}.md#status), word for word."


def _section(schema: Schema, path: str) -> Iterator[str]:
    """A table of the fields of one object, then the sections of the objects in it."""
    docs = field_docs(schema[MODEL_KEY])
    required = schema.get("required", ())
    yield ""
    yield f"## {path}"
    about = model_doc(schema[MODEL_KEY])
    if about:
        yield ""
        yield about
    yield ""
    yield "| field | type | |"
    yield "| --- | --- | --- |"
    for name, field in schema["properties"].items():
        mark = " **required**" if name in required else ""
        yield f"| `{name}`{mark} | {_cell(_type(field))} | {_cell(docs[name])} |"
    if rules.KEY in schema:
        yield ""
        yield from (f"- {_constraint(rule)}" for rule in schema[rules.KEY])
    for name, field in schema["properties"].items():
        below = _object_in(field)
        if below is not None:
            yield from _section(below, f"{path}.{name}" + ("[]" if field.get("type") == "array" else ""))


def _constraint(rule: rules.Rule) -> str:
    subject = f"`{rule.field}`: " if rule.field else ""
    return subject + rules.PLACEHOLDER.sub("", rule.message) + "."


def _object_in(schema: Schema) -> Schema | None:
    """The object of ours in a field, or in the items of a list; core types are Kubernetes' own documentation."""
    node = schema.get("items", schema)
    return node if MODEL_KEY in node else None


def _type(schema: Mapping[str, Any]) -> str:
    text = schema.get(rules.TYPE_NAME_KEY) or _plain_type(schema)
    return f"{text}, default `{_json(schema['default'])}`" if "default" in schema else str(text)


def _plain_type(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "additionalProperties" in schema:
        return f"map of {_type(schema['additionalProperties'])}"
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}{_bounds(schema, 'minItems', 'maxItems')}"
    if schema.get("type") == "integer":
        return f"integer{_bounds(schema, 'minimum', 'maximum')}"
    return str(schema.get("type", "any value"))


def _bounds(schema: Mapping[str, Any], least: str, most: str) -> str:
    low, high = schema.get(least), schema.get(most)
    if high is None or high >= 2**31 - 1:
        return f", at least {low}" if low else ""
    return f", at most {high}" if low is None else f", {low} to {high}"


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
