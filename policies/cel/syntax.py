"""The engine's checked expressions, as the protobuf messages it serialises them to.

`cel.expr.CheckedExpr` is a public format (cel-spec, proto/cel/expr/checked.proto and syntax.proto), but no package
brings its Python classes; the part of it that is read here is declared below.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from google.protobuf.any_pb2 import Any as Wrapped
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_PACKAGE: Final = "cel.expr"
_TYPES: Final = {
    "string": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "uint64": FieldDescriptorProto.TYPE_UINT64,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "bool": FieldDescriptorProto.TYPE_BOOL,
}
# Message -> field -> (number, type); `*` marks a list. The members of a `oneof` are told apart by presence, which
# scalars only have where `?` marks them as such members; without it a zero would be lost when it is serialised again.
_MESSAGES: Final[Mapping[str, Mapping[str, tuple[int, str]]]] = {
    "CheckedExpr": {"expr": (4, "Expr"), "source_info": (5, "SourceInfo")},
    "SourceInfo": {"positions": (4, "Position*")},
    "Position": {"key": (1, "int64"), "value": (2, "int32")},
    "Expr": {
        "id": (2, "int64"),
        "const_expr": (3, "Constant"),
        "ident_expr": (4, "Ident"),
        "select_expr": (5, "Select"),
        "call_expr": (6, "Call"),
        "list_expr": (7, "CreateList"),
        "struct_expr": (8, "CreateStruct"),
        "comprehension_expr": (9, "Comprehension"),
    },
    "Constant": {"int64_value": (3, "int64?"), "string_value": (6, "string?"), "bytes_value": (7, "bytes?")},
    "Ident": {"name": (1, "string")},
    "Select": {"operand": (1, "Expr"), "field": (2, "string"), "test_only": (3, "bool")},
    "Call": {"target": (1, "Expr"), "function": (2, "string"), "args": (3, "Expr*")},
    "CreateList": {"elements": (1, "Expr*")},
    "CreateStruct": {"message_name": (1, "string"), "entries": (2, "Entry*")},
    "Entry": {"field_key": (2, "string"), "map_key": (3, "Expr"), "value": (4, "Expr")},
    "Comprehension": {
        "iter_var": (1, "string"),
        "iter_range": (2, "Expr"),
        "accu_var": (3, "string"),
        "accu_init": (4, "Expr"),
        "loop_condition": (5, "Expr"),
        "loop_step": (6, "Expr"),
        "result": (7, "Expr"),
        "iter_var2": (8, "string"),
    },
}

Expr = Any
"""A `cel.expr.Expr`: protobuf makes its class at run time, so there is no better name for it here."""


def parsed(serialized: bytes) -> tuple[Expr, Mapping[int, int]]:
    """An expression and where its parts begin: from their ids to their offsets in the text."""
    _, checked = unwrapped(serialized)
    return checked.expr, {position.key: position.value for position in checked.source_info.positions}


def unwrapped(serialized: bytes) -> tuple[Any, Any]:
    """The message that the engine wraps a checked expression in, and the checked expression. What is not declared here
    stays in it, so that it can be serialised again.
    """
    wrapped = Wrapped.FromString(serialized)
    return wrapped, _checked_expr().FromString(wrapped.value)


def kind(expr: Expr) -> str:
    """Which member of Expr is set, such as `call_expr`."""
    return next((field.name for field, _ in expr.ListFields() if field.name != "id"), "")


@cache
def _checked_expr() -> Any:
    file = FileDescriptorProto(name="headgate/cel_syntax.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for key, (number, type_name) in fields.items():
            _field(message, key, number, type_name)
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.CheckedExpr"))


def _field(message: DescriptorProto, key: str, number: int, type_name: str) -> None:
    plain = type_name.rstrip("*?")
    many = FieldDescriptorProto.LABEL_REPEATED if type_name.endswith("*") else FieldDescriptorProto.LABEL_OPTIONAL
    field = message.field.add(name=key, number=number, label=many)
    if type_name.endswith("?"):
        if not message.oneof_decl:
            message.oneof_decl.add(name="one")
        field.oneof_index = 0
    if plain in _TYPES:
        field.type = _TYPES[plain]
    else:
        field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{_PACKAGE}.{plain}"
