"""From a structural schema to protobuf descriptors, which is how the engine is told what fields there are.

Every object of the schema becomes a message whose name is its path (`WorkerPool__spec__scaling`), so that a complaint
of the engine about a message names the place. What protobuf cannot say (integer-or-text, lists of lists, anything at
all) is a `google.protobuf.Value`, which the engine treats as of unknown type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from google.protobuf import struct_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool

from crds.schema import PRESERVE, Schema

PACKAGE: Final = "headgate"
SEPARATOR: Final = "__"
"""Stands for the dots of a path, which a name can't have."""

_ANYTHING: Final = ".google.protobuf.Value"
_SCALARS: Final = {
    "string": FieldDescriptorProto.TYPE_STRING,
    "integer": FieldDescriptorProto.TYPE_INT64,
    "boolean": FieldDescriptorProto.TYPE_BOOL,
}


class FieldType(NamedTuple):
    """The type of a field; `message` is the full name where it is one, with a dot before it."""

    number: FieldDescriptorProto.Type.ValueType
    message: str | None = None


def pool(messages: Mapping[str, Schema]) -> DescriptorPool:
    """Descriptors of several objects, by the names they are to have, and of everything below them."""
    file = FileDescriptorProto(name="headgate.proto", package=PACKAGE, syntax="proto3")
    file.dependency.append(struct_pb2.DESCRIPTOR.name)
    for name, schema in messages.items():
        _message(file, name, schema)
    found = DescriptorPool()
    found.AddSerializedFile(struct_pb2.DESCRIPTOR.serialized_pb)
    found.AddSerializedFile(file.SerializeToString())
    return found


def _message(file: FileDescriptorProto, name: str, schema: Schema) -> str:
    """Adds the message and those below it; returns its full name."""
    message = file.message_type.add(name=name)
    for number, (key, part) in enumerate(schema.get("properties", {}).items(), start=1):
        _field(file, message, key, number, part)
    return f".{PACKAGE}.{name}"


def _field(file: FileDescriptorProto, message: DescriptorProto, key: str, number: int, schema: Schema) -> None:
    path = f"{message.name}{SEPARATOR}{key}"
    values = schema.get("additionalProperties")
    if schema.get("type") == "array":
        entry, label = _type(file, path, schema["items"]), FieldDescriptorProto.LABEL_REPEATED
    elif isinstance(values, dict):
        entry, label = _map(message, key, _type(file, path, values)), FieldDescriptorProto.LABEL_REPEATED
    else:
        entry, label = _type(file, path, schema), FieldDescriptorProto.LABEL_OPTIONAL
    message.field.add(name=key, number=number, label=label, type=entry.number, type_name=entry.message)


def _type(file: FileDescriptorProto, path: str, schema: Schema) -> FieldType:
    if schema.get("type") == "object" and "properties" in schema and PRESERVE not in schema:
        return FieldType(FieldDescriptorProto.TYPE_MESSAGE, _message(file, path, schema))
    scalar = _SCALARS.get(schema.get("type", ""))
    return FieldType(FieldDescriptorProto.TYPE_MESSAGE, _ANYTHING) if scalar is None else FieldType(scalar)


def _map(message: DescriptorProto, key: str, value: FieldType) -> FieldType:
    """A map is a list of a message of its own, as `map<string, T>` in a .proto file is."""
    entry = message.nested_type.add(name=f"{_camel(key)}Entry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=1, type=FieldDescriptorProto.TYPE_STRING)
    entry.field.add(name="value", number=2, label=1, type=value.number, type_name=value.message)
    return FieldType(FieldDescriptorProto.TYPE_MESSAGE, f".{PACKAGE}.{message.name}.{entry.name}")


def _camel(key: str) -> str:
    return key[:1].upper() + key[1:]
