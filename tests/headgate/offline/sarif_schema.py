"""As much of the SARIF 2.1.0 schema as a log of ours uses, closed: a property the standard has not fails here."""

from __future__ import annotations

from typing import Any, Final


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_TEXT: Final = {"type": "string"}
_FROM_ONE: Final = {"type": "integer", "minimum": 1}
_MESSAGE: Final = _object(("text",), text=_TEXT)
_LOCATION: Final = _object(
    physicalLocation=_object(
        ("artifactLocation",),
        artifactLocation=_object(uri={"type": "string", "format": "uri-reference"}),
        region=_object(startLine=_FROM_ONE, startColumn=_FROM_ONE),
    ),
    logicalLocations=_list(_object(fullyQualifiedName=_TEXT)),
)
_ARTIFACT: Final = _object(uri={"type": "string", "format": "uri-reference"})
_DELETED: Final = _object(startLine=_FROM_ONE, startColumn=_FROM_ONE, endLine=_FROM_ONE, endColumn=_FROM_ONE)
_REPLACEMENT: Final = _object(("deletedRegion",), deletedRegion=_DELETED, insertedContent=_object(text=_TEXT))
_CHANGE: Final = _object(
    ("artifactLocation", "replacements"), artifactLocation=_ARTIFACT, replacements=_list(_REPLACEMENT)
)
_FIX: Final = _object(("artifactChanges",), description=_MESSAGE, artifactChanges=_list(_CHANGE))
_RESULT: Final = _object(
    ("message",),
    ruleId=_TEXT,
    level={"enum": ["none", "note", "warning", "error"]},
    message=_MESSAGE,
    locations=_list(_LOCATION),
    fixes=_list(_FIX),
)
_DRIVER: Final = _object(
    ("name",), name=_TEXT, version=_TEXT, rules=_list(_object(("id",), id=_TEXT, shortDescription=_MESSAGE))
)
SARIF: Final = _object(
    ("version", "runs"),
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs=_list(_object(("tool",), tool=_object(("driver",), driver=_DRIVER), results=_list(_RESULT))),
)
