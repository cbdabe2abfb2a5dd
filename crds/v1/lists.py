"""How lists merge under server-side apply, and which duplicates they refuse."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

TYPE: Final = "x-kubernetes-list-type"
MAP_KEYS: Final = "x-kubernetes-list-map-keys"


@dataclass(frozen=True, slots=True)
class ListType:
    """`set` and `map` lists refuse duplicates and merge item by item, `atomic` ones belong to whoever applied last."""

    kind: str
    keys: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        if self.kind == "atomic":
            return schema
        return core_schema.no_info_after_validator_function(self._unique, schema)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = {**handler(core), TYPE: self.kind}
        if self.keys:
            schema[MAP_KEYS] = list(self.keys)
        return schema

    def _unique(self, items: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
        seen: set[Hashable] = set()
        for item in items or ():
            identity = self._identity(item)
            if identity in seen:
                raise PydanticCustomError("duplicate", "duplicate entry")
            seen.add(identity)
        return items

    def _identity(self, item: Any) -> Hashable:
        if not self.keys:
            return item  # type: ignore[no-any-return]  # sets hold scalars only
        if isinstance(item, Mapping):
            return tuple(item.get(key) for key in self.keys)
        wire = {field.alias or name: name for name, field in type(item).model_fields.items()}
        return tuple(getattr(item, wire[key]) for key in self.keys)


ATOMIC: Final = ListType("atomic")
SET: Final = ListType("set")


def map_by(*keys: str) -> ListType:
    return ListType("map", keys)
