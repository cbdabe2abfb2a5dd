"""The scalar types of the API, each with the bounds its schema carries.

Everything is bounded: the API server refuses a CRD whose CEL rules could walk unbounded text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, Strict
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from crds import duration, quantity
from crds.patterns import is_date_time
from crds.rules import TYPE_NAME_KEY, WORDS_KEY, Rule, Rules


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
    """Marks text that has the pattern of a time; the day and the time of day must exist, too."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_existing, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(core), "format": "date-time"}


def _existing(text: str) -> str:
    if not is_date_time(text):
        raise PydanticCustomError("date_time", "there is no such day or time")
    return text


class AnyValue:
    """Marks a value of any shape, kept as it is."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"x-kubernetes-preserve-unknown-fields": True}


@dataclass(frozen=True, slots=True)
class Form:
    """What a pattern means: the name of the type in the reference, and what a finding says instead of the pattern."""

    name: str
    words: str

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(core), TYPE_NAME_KEY: self.name, WORDS_KEY: self.words}


Int = Annotated[int, Strict()]
Bool = Annotated[bool, Strict()]
Anything = Annotated[Any, AnyValue()]

Count32 = Annotated[Int, Field(ge=0, le=2_147_483_647, json_schema_extra={"format": "int32"})]
# Beyond 2^53 the bounds of a JSON schema, which are doubles, stop being exact.
Count64 = Annotated[Int, Field(ge=0, le=9_007_199_254_740_991, json_schema_extra={"format": "int64"})]
Replicas = Annotated[Int, Field(ge=0, le=1000, json_schema_extra={"format": "int32"})]
Percent = Annotated[Int, Field(ge=1, le=100, json_schema_extra={"format": "int32"})]

Dur = Annotated[
    str,
    Field(pattern=duration.PATTERN, max_length=duration.MAX_LENGTH),
    Form("duration", "must be a duration such as 90s, 1h30m or 250ms"),
]
LONGER_THAN_ZERO = Rule(
    cel="duration(self) > duration('0s')",
    message="must be longer than 0s",
    holds=lambda self: duration.milliseconds(self) > 0,
)
PositiveDur = Annotated[Dur, Rules((LONGER_THAN_ZERO,))]

# The format alone lets odd things through (the API server reads "2027-01-31t10:00:00ztomorrow"), hence the pattern.
Time = Annotated[
    str,
    Field(
        pattern=r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
        r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
        max_length=35,
    ),
    DateTime(),
    Form("time", "must be a time such as 2027-01-31T00:00:00Z"),
]

Quantity = Annotated[
    Annotated[Int, Field()] | Annotated[str, Field(pattern=quantity.PATTERN, max_length=quantity.MAX_LENGTH)],
    IntOrString(),
    Form("quantity", 'must be a quantity such as 2, "1.5", 500m or 24Gi'),
]
IntOrPercent = Annotated[
    Annotated[Int, Field(ge=0, le=1000)] | Annotated[str, Field(pattern="^(100|[0-9]{1,2})%$", max_length=4)],
    IntOrString(),
    Form("integer or percentage", "must be a number, or a percentage from 0% to 100%"),
]

LABEL_PATTERN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
NAME_WORDS = "must be lower case letters, digits and -, beginning and ending with a letter or digit"
# metadata.name of our kinds ends up in labels and in the names of pods, so it is one DNS label.
DNSLabel = Annotated[str, Field(pattern=f"^{LABEL_PATTERN}$", min_length=1, max_length=63), Form("name", NAME_WORDS)]
DNSSubdomain = Annotated[
    str,
    Field(pattern=rf"^{LABEL_PATTERN}(\.{LABEL_PATTERN})*$", min_length=1, max_length=253),
    Form("name", "must be lower case letters, digits, - and ., beginning and ending with a letter or digit"),
]
SecretKey = Annotated[
    str,
    Field(pattern="^[-._a-zA-Z0-9]+$", min_length=1, max_length=253),
    Form("key", "must be letters, digits, -, _ and ."),
]
LabelKey = Annotated[
    str,
    Field(
        pattern=rf"^({LABEL_PATTERN}(\.{LABEL_PATTERN})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?$",
        min_length=1,
        max_length=317,
    ),
    Form("label key", "must be a name of at most 63 characters, or domain/name"),
]
LabelValue = Annotated[
    str,
    Field(pattern="^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", max_length=63),
    Form("label value", "must be letters, digits, -, _ and ., beginning and ending with a letter or digit"),
]

# A name at the broker: brokers allow nearly everything, log lines and URLs do not.
BrokerName = Annotated[
    str,
    Field(pattern=r"^[^\x00-\x20\x7f]+$", min_length=1, max_length=255),
    Form("name at the broker", "must not contain spaces or control characters"),
]
Priority = Annotated[
    str,
    Field(pattern="^[A-Za-z0-9][-A-Za-z0-9_.]*$", min_length=1, max_length=63),
    Form("name", "must be letters, digits, -, _ and ., beginning with a letter or digit"),
]
HOST_PORT = r"^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$"
HostPort = Annotated[
    str,
    Field(pattern=HOST_PORT, max_length=259),
    Form("host:port", "must be host:port"),
]
Port = Annotated[Int, Field(ge=1, le=65535, json_schema_extra={"format": "int32"})]
Glob = Annotated[
    str,
    Field(pattern=r"^[!-~]+$", min_length=1, max_length=253),
    Form("glob", "must not contain spaces"),
]
Text = Annotated[str, Field(max_length=1024)]
ShortText = Annotated[str, Field(max_length=256)]
CamelWord = Annotated[
    str, Field(pattern="^[A-Za-z][A-Za-z0-9]*$", max_length=64), Form("word", "must be one CamelCase word")
]

KindName = Literal["Queue", "WorkerPool"]
