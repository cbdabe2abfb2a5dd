"""What every model of the API shares: how a value from the wire is read, and how its rules reach the schema.

A model accepts what the API server stores and nothing else: null means absent, `1.0` is an integer, fields nobody
declared are ignored (the API server prunes them).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from crds.rules import KEY, Rule

MODEL_KEY: Final = "x-model"


class Model(BaseModel):
    """An object of the API: immutable, snake_case here, camelCase on the wire, documented under each field."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, extra="ignore", allow_inf_nan=False)

    RULES: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _as_decoded(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {key: _integral(item) for key, item in value.items() if item is not None}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        own = handler.resolve_ref_schema(schema)
        own[MODEL_KEY] = cls
        if cls.RULES:
            own[KEY] = list(cls.RULES)
        return schema


def _integral(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
