"""What rules can ask about: the variables, with a schema for each, which types them and bounds their size."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from crds.schema import Schema, structural
from policies.cel.shapes import MOST_INPUT, Shape, listing, of_schema

OBJECT: Final = "object"
OLD_OBJECT: Final = "oldObject"
REQUEST: Final = "request"
NAMESPACE: Final = "namespaceObject"
QUEUES: Final = "queues"
EFFECTIVE: Final = "effective"
NAMES: Final = (OBJECT, OLD_OBJECT, REQUEST, NAMESPACE, QUEUES, EFFECTIVE)

MOST_QUEUES: Final = 50
"""As many as a WorkerPool names at most."""


def _text(most: int) -> Schema:
    return {"type": "string", "maxLength": most}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


# Keys of labels and annotations are a name of 63 characters behind a prefix of 253.
_LABELS: Final[Schema] = {"type": "object", "additionalProperties": _text(63)}
_METADATA: Final = _object(
    name=_text(253),
    generateName=_text(253),
    namespace=_text(63),
    uid=_text(64),
    generation={"type": "integer"},
    creationTimestamp=_text(64),
    deletionTimestamp=_text(64),
    labels=_LABELS,
    annotations={"type": "object", "additionalProperties": {"type": "string"}},
    finalizers=_list(_text(317)),
    ownerReferences=_list(
        _object(apiVersion=_text(317), kind=_text(63), name=_text(253), uid=_text(64), controller={"type": "boolean"})
    ),
)
_REQUEST: Final = _object(
    operation=_text(16),
    name=_text(253),
    namespace=_text(63),
    subResource=_text(63),
    dryRun={"type": "boolean"},
    userInfo=_object(username=_text(1024), groups=_list(_text(1024))),
)
_NAMESPACE: Final = _object(metadata=_object(name=_text(63), labels=_LABELS))
_QUEUE: Final = _object(
    name=_text(253),
    queueName=_text(255),
    broker=_text(16),
    labels=_LABELS,
    spec=_object(maxJobDuration=_text(32), layout=_text(32)),
)


@cache
def messages(kind: str) -> Mapping[str, Schema]:
    """The objects there are in rules about a kind, by the names they go by in complaints."""
    schema = structural(kind)
    return {
        kind: {**schema, "properties": {**schema["properties"], "metadata": _METADATA}},
        REQUEST: _REQUEST,
        NAMESPACE: _NAMESPACE,
        QUEUES: _QUEUE,
    }


@cache
def shapes(kind: str) -> Mapping[str, Shape]:
    """How large each variable can be."""
    known: Mapping[str, Any] = messages(kind)
    whole = of_schema(known[kind], MOST_INPUT)
    return {
        OBJECT: whole,
        OLD_OBJECT: whole,
        REQUEST: of_schema(_REQUEST, MOST_INPUT),
        NAMESPACE: of_schema(_NAMESPACE, MOST_INPUT),
        QUEUES: listing(MOST_QUEUES, of_schema(_QUEUE, MOST_INPUT / MOST_QUEUES)),
        EFFECTIVE: whole.field("spec"),
    }
