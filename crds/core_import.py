"""Makes `core_v1.json`, the trimmed schema of the core/v1 types that pools may contain, from an API server's own:

    kubectl get --raw /openapi/v3/api/v1 | python -m crds.core_import

Kept is what refuses typos: structure, types, required fields, list types. Left out are descriptions (the CRD must stay
below the 256 KiB that client-side apply can store; `crds.core_docs` has the few there are), defaults (there are none
inside list items), enumerations and number ranges (a newer cluster may allow more; it judges the pods it is given), and
what no template can say.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

TARGET: Final = Path(__file__).with_name("core_v1.json")
ROOTS: Final = (
    "PodTemplateSpec",
    "PersistentVolumeClaim",
    "EnvVar",
    "EnvFromSource",
    "ResourceRequirements",
    "PodSecurityContext",
    "SecurityContext",
)
KEPT: Final = ("type", "format", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type")
LEFT_OUT: Final = {
    "PersistentVolumeClaim": {"status", "apiVersion", "kind"},
    "PersistentVolumeClaimTemplate": {"status", "apiVersion", "kind"},
    # Refused in every pod template: they only exist on running pods.
    "PodSpec": {"ephemeralContainers"},
}
# Of an embedded metadata only what Headgate hands on; the rest is the API server's.
METADATA: Final = ("annotations", "labels", "name")
NOT_REQUIRED: Final = {"PodSpec": {"containers"}, "PersistentVolumeClaimTemplate": {"spec"}}
# CEL rules walk the containers, so their number and the length of their names need a bound.
BOUNDS: Final[Mapping[tuple[str, str], Mapping[str, int]]] = {
    ("PodSpec", "containers"): {"maxItems": 32},
    ("PodSpec", "initContainers"): {"maxItems": 32},
    ("Container", "name"): {"maxLength": 63},
}


def trimmed(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The definitions needed by ROOTS, by short name, still referring to each other."""
    by_name = {name.rpartition(".")[2]: schema for name, schema in schemas.items()}
    kept: dict[str, Any] = {}
    wanted = list(ROOTS)
    while wanted:
        name = wanted.pop()
        if name not in kept:
            kept[name] = _definition(name, by_name[name])
            wanted += references(kept[name])
    _require_map_keys(kept)
    return dict(sorted(kept.items()))


def _definition(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    if name == "Quantity":
        return {}  # its bounds are ours: crds.quantity
    if name == "IntOrString":
        return {"x-kubernetes-int-or-string": True}
    result = _node(schema)
    left_out = LEFT_OUT.get(name, set())
    for key, part in sorted(schema.get("properties", {}).items()):
        if key not in left_out and (name != "ObjectMeta" or key in METADATA):
            result.setdefault("properties", {})[key] = {**_node(part), **BOUNDS.get((name, key), {})}
    required = sorted(set(schema.get("required", ())) - NOT_REQUIRED.get(name, set()))
    if required:
        result["required"] = required
    return result


def _node(schema: Mapping[str, Any]) -> dict[str, Any]:
    if "allOf" in schema:
        (schema,) = schema["allOf"]
    if "$ref" in schema:
        return {"$ref": schema["$ref"].rpartition(".")[2]}
    result = {key: schema[key] for key in KEPT if key in schema}
    for key in ("items", "additionalProperties"):
        if key in schema:
            result[key] = _node(schema[key])
    return result


def references(schema: Any) -> list[str]:
    if isinstance(schema, Mapping):
        own = [schema["$ref"]] if "$ref" in schema else []
        return own + [name for part in schema.values() for name in references(part)]
    return []


def _require_map_keys(definitions: dict[str, Any]) -> None:
    """Keys of map lists are required in a CRD unless they have a default, and list items here have none."""
    for definition in definitions.values():
        for part in definition.get("properties", {}).values():
            keys = part.get("x-kubernetes-list-map-keys", [])
            if not keys:
                continue
            item = definitions[part["items"]["$ref"]]
            if len(keys) > 1 and not set(keys) <= set(item.get("required", ())):
                # Container ports: protocol may be left out, so the list belongs to whoever applied it last.
                part["x-kubernetes-list-type"] = "atomic"
                del part["x-kubernetes-list-map-keys"]
            else:
                item["required"] = sorted({*item.get("required", ()), *keys})


def main() -> None:
    definitions = trimmed(json.load(sys.stdin)["components"]["schemas"])
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(schema)}" for name, schema in definitions.items())
    TARGET.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
