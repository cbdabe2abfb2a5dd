"""Random objects of either version by the million: seeds of the tests with parts made anew from the schema.

Hypothesis, which the tests use, takes some 30 ms an object and finds small counterexamples; this takes a fraction of
one and finds rare ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any, Final

from crds import meta
from crds.conversion.trees import clone
from crds.patterns import compiled
from crds.schema import Schema, structural
from tests.crds import beta, seeds

SEEDS: Final = {meta.VERSION: seeds.BY_KIND, meta.BETA: beta.BY_KIND}
_WORDS: Final = (
    *(
        "a",
        "A",
        "a-b",
        "media",
        "x" * 52,
        "x" * 63,
        "0",
        "1.5",
        "2",
        "10",
        "1500m",
        "24Gi",
        "0.5",
        "9.999999999",
        "100%",
        "0%",
    ),
    *(
        "0s",
        "1s",
        "10s",
        "90s",
        "1m",
        "1m30s",
        "60m",
        "1h",
        "24h",
        "168h",
        "99999h",
        "250ms",
        "1h1m1s1ms",
        "99999h99999h",
    ),
    *(
        "redis://a:6379",
        "redis://a:6379/0",
        "redis://a/15",
        "rediss://a:6380/3",
        "redis://[::1]:6379/1",
        "redis://my_host:1",
    ),
    *(
        "redis://a:6379/0?x=y",
        "redis://a:1/123456",
        "rediss://a",
        "amqp://a:5672",
        "amqps://a",
        "http://a:1",
        "https://a/b",
    ),
    *(
        "a:6379",
        "b.c:1",
        "[::1]:26379",
        "redis.media.svc:6379",
        "registry.acme.io/team/worker:1.2",
        "w@sha256:0",
        "nginx",
    ),
    *(
        "2027-01-31T00:00:00Z",
        "0 8 * * 1-5",
        "@daily",
        "Europe/Berlin",
        "UTC",
        "/",
        "/x",
        "kube-*",
        "*.svc",
        "*",
        "team",
    ),
    *(
        "acme.io/tier",
        "spec.scaling.minReplicas",
        "registry.acme.io/",
        "true",
        "password",
        "ca.crt",
        "high",
        "low",
        "\u00e9",
    ),
)


class Maker:
    """Objects of one kind and version; the same for the same seed."""

    def __init__(self, kind: str, version: str, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - it need not be secret
        self._kind = kind
        self._seeds = SEEDS[version][kind]
        self._schema = structural(kind, version)["properties"]["spec"]

    def objects(self, count: int) -> Iterator[dict[str, Any]]:
        for _ in range(count):
            obj = clone(self._random.choice(self._seeds))
            obj["metadata"] = {"name": f"object-{self._random.randrange(10**6)}"}
            for _ in range(self._random.choice((0, 1, 1, 2, 3, 5, 8))):
                self._edit(self._schema, obj["spec"])
            yield obj

    def _edit(self, schema: Schema, node: dict[str, Any]) -> None:
        name = self._random.choice(list(schema["properties"]))
        part = schema["properties"][name]
        inner = node.get(name)
        if "properties" in part and type(inner) is dict and self._random.random() < 0.7:
            self._edit(part, inner)
        elif self._random.random() < 0.15 and name not in schema.get("required", ()):
            node.pop(name, None)
        else:
            node[name] = self._value(part, 0)

    def _value(self, schema: Schema, depth: int) -> Any:
        random = self._random
        if "enum" in schema:
            return random.choice(schema["enum"])
        if "x-kubernetes-preserve-unknown-fields" in schema:
            return random.choice((1, "a", True, {}, []))
        if "x-kubernetes-int-or-string" in schema and random.random() < 0.4:
            return random.randint(schema.get("minimum", 0), min(schema.get("maximum", 20), 20))
        match schema.get("type", "string"):
            case "object":
                return self._object(schema, depth)
            case "array":
                least, most = schema.get("minItems", 0), min(schema.get("maxItems", 3), 3)
                return [self._value(schema["items"], depth + 1) for _ in range(random.randint(least, most))]
            case "boolean":
                return random.random() < 0.5
            case "integer":
                return random.choice((schema.get("minimum", 0), 1, 2, 7, 60, 300, schema.get("maximum", 1000)))
            case "number":
                return self._number(schema)
        return random.choice(texts(schema.get("pattern", ""), schema.get("maxLength", 30), schema.get("minLength", 0)))

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        if "additionalProperties" in schema:
            return {
                key: self._value(schema["additionalProperties"], depth + 1)
                for key in self._some(("a", "cpu", "b/c"), 2)
            }
        properties, required = schema.get("properties", {}), schema.get("required", ())
        chosen = [*required, *self._some(tuple(properties), max(1, 4 - depth))]
        return {name: self._value(properties[name], depth + 1) for name in dict.fromkeys(chosen)}

    def _some(self, names: tuple[str, ...], most: int) -> list[str]:
        return self._random.sample(names, min(len(names), self._random.randint(0, most)))

    def _number(self, schema: Schema) -> float:
        least, most = max(schema.get("minimum", 0), 1e-9), min(schema.get("maximum", 1e6), 1e6)
        value = self._random.uniform(least, most)
        return self._random.choice((value, round(value, 3) or least, round(value, 1) or most, float(int(most)), most))


@cache
def texts(pattern: str, longest: int, shortest: int) -> tuple[str, ...]:
    fitting = [word for word in words() if shortest <= len(word) <= longest]
    matching = tuple(word for word in fitting if not pattern or compiled(pattern).search(word))
    if not matching:
        raise LookupError(f"no word for {pattern}: add one")
    return matching


@cache
def words() -> tuple[str, ...]:
    """The words above and every text of the seeds."""
    found = dict.fromkeys(_WORDS)
    for by_kind in SEEDS.values():
        for objects in by_kind.values():
            found |= dict.fromkeys(re.findall(r"'([^']*)'", repr(objects)))
    return tuple(found)
