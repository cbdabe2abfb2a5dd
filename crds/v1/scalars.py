"""The scalar types of the API, each with the bounds its schema carries.

Everything is bounded: the API server refuses a CRD whose CEL rules could walk unbounded text.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, Strict
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from crds import duration, quantity
from crds.rules import Rule, Rules


class IntOrString:
    """Marks a value that may be written as an integer or as text (`25%`, `1.5`)."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        branches = handler(core)["anyOf"]
        text = next(branch for branch in branches if branch["type"] == "string")
        number = next(branch for branch in branches if branch["type"] == "integer")
        bounds = {**number, **text}
        del bounds["type"]
        return {"x-kubernetes-int-or-string": True, **bounds}


class DateTime:
    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(core), "format": "date-time"}


class AnyValue:
    """Marks a value of any shape, kept as it is."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"x-kubernetes-preserve-unknown-fields": True}


Int = Annotated[int, Strict()]
Bool = Annotated[bool, Strict()]
Anything = Annotated[Any, AnyValue()]

Count32 = Annotated[Int, Field(ge=0, le=2_147_483_647, json_schema_extra={"format": "int32"})]
# Beyond 2^53 the bounds of a JSON schema, which are doubles, stop being exact.
Count64 = Annotated[Int, Field(ge=0, le=9_007_199_254_740_991, json_schema_extra={"format": "int64"})]
Replicas = Annotated[Int, Field(ge=0, le=1000, json_schema_extra={"format": "int32"})]
Percent = Annotated[Int, Field(ge=1, le=100, json_schema_extra={"format": "int32"})]

Dur = Annotated[str, Field(pattern=duration.PATTERN, max_length=duration.MAX_LENGTH)]

LONGER_THAN_ZERO = Rule(
    cel="duration(self) > duration('0s')",
    message="must be longer than 0s",
    holds=lambda self: duration.milliseconds(self) > 0,
)
PositiveDur = Annotated[Dur, Rules((LONGER_THAN_ZERO,))]

Time = Annotated[str, Field(max_length=64), DateTime()]

Quantity = Annotated[
    Annotated[Int, Field()] | Annotated[str, Field(pattern=quantity.PATTERN, max_length=quantity.MAX_LENGTH)],
    IntOrString(),
]
IntOrPercent = Annotated[
    Annotated[Int, Field(ge=0, le=1000)] | Annotated[str, Field(pattern="^(100|[0-9]{1,2})%$", max_length=4)],
    IntOrString(),
]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
# metadata.name of our kinds ends up in labels and in the names of pods, so it is one DNS label.
DNSLabel = Annotated[str, Field(pattern=f"^{_LABEL}$", min_length=1, max_length=63)]
DNSSubdomain = Annotated[str, Field(pattern=rf"^{_LABEL}(\.{_LABEL})*$", min_length=1, max_length=253)]
SecretKey = Annotated[str, Field(pattern="^[-._a-zA-Z0-9]+$", min_length=1, max_length=253)]

LabelKey = Annotated[
    str, Field(pattern=rf"^({_LABEL}(\.{_LABEL})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?$", max_length=317)
]
LabelValue = Annotated[str, Field(pattern="^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", max_length=63)]

# A name at the broker: brokers allow nearly everything, log lines and URLs do not.
BrokerName = Annotated[str, Field(pattern=r"^[^\s\x00-\x1f]+$", min_length=1, max_length=255)]
Priority = Annotated[str, Field(pattern="^[A-Za-z0-9][-A-Za-z0-9_.]*$", min_length=1, max_length=63)]
HostPort = Annotated[
    str, Field(pattern=r"^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$", max_length=259)
]
Port = Annotated[Int, Field(ge=1, le=65535, json_schema_extra={"format": "int32"})]
Glob = Annotated[str, Field(pattern=r"^\S+$", min_length=1, max_length=253)]
Text = Annotated[str, Field(max_length=1024)]
ShortText = Annotated[str, Field(max_length=256)]
CamelWord = Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9]*$", max_length=64)]

KindName = Literal["Queue", "WorkerPool"]
