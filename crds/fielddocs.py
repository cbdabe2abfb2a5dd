"""The documentation of each field: the string that stands under it in the model's source.

Read from the source only when CRDs or the reference are generated, so a running process pays nothing for it.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from itertools import pairwise

from crds.v1.base import Model


class UndocumentedError(Exception):
    """A field of the API has no text under it."""


@cache
def field_docs(model: type[Model]) -> Mapping[str, str]:
    """By name on the wire, one paragraph for each documented field of the model and of the models it extends."""
    docs: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, Model):
            docs |= _own(base)
    wire = {name: field.alias or name for name, field in model.model_fields.items()}
    return {wire[name]: text for name, text in docs.items() if name in wire}


def model_doc(model: type[Model]) -> str:
    return paragraph(model.__doc__ or "")


def paragraph(text: str) -> str:
    return " ".join(inspect.cleandoc(text).split())


def _own(model: type[Model]) -> dict[str, str]:
    (body,) = (node.body for node in _classes(model.__module__) if node.name == model.__name__)
    docs = {}
    for statement, following in pairwise(body):
        match statement, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                docs[name] = paragraph(text)
    return docs


@cache
def _classes(module: str) -> tuple[ast.ClassDef, ...]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return tuple(node for node in tree.body if isinstance(node, ast.ClassDef))
