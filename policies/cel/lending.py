"""Lends Python functions to the engine without losing memory at every call.

cel-expr-python 0.1.3 releases neither the tuple of arguments of a call into Python nor its result: 300 bytes a call,
which a webhook under load or the audit of some thousand pools loses for good. A function is therefore lent as a C
function, which is handed that very tuple, releases it, and releases each result at the next call, when the engine has
long copied it. Which of the two the engine forgets is tried once, so one that forgets nothing is lent plain functions.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple

from cel_expr_python import cel  # type: ignore[import-untyped]  # it ships stubs without py.typed

Body = Callable[..., Any]

_VARARGS: Final = 1
"""METH_VARARGS: the function gets the caller's own tuple, and nothing is unpacked."""

_CALLED: Final = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object)


class _Definition(ctypes.Structure):
    """PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("called", _CALLED),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_release = ctypes.pythonapi.Py_DecRef
_release.argtypes, _release.restype = [ctypes.py_object], None
_c_function = ctypes.pythonapi.PyCFunction_NewEx
_c_function.argtypes = [ctypes.POINTER(_Definition), ctypes.c_void_p, ctypes.c_void_p]
_c_function.restype = ctypes.py_object


class Forgotten(NamedTuple):
    """What the engine does not release."""

    arguments: bool
    results: bool


class Lender:
    """`refusal` is why the last function that gave no value did not: a C function of this kind cannot raise, so it
    gives None, which the engine takes for an error.
    """

    def __init__(self, forgotten: Forgotten) -> None:
        self.refusal = ""
        self._forgotten = forgotten
        self._owed: list[Any] = []
        self._alive: list[Any] = []

    def lent(self, body: Body) -> Any:
        """The function as the engine may call it. ValueError is its way to say that there is no value."""
        if not any(self._forgotten):
            return body
        called = _CALLED(self._calling(body))
        definition = _Definition(b"lent", called, _VARARGS, None)
        # The C function points to both, and lives as long as the process does.
        self._alive += (called, definition)
        return _c_function(ctypes.byref(definition), None, None)

    def _calling(self, body: Body) -> Callable[[Any, tuple[Any, ...]], Any]:
        # One function and no attributes: it is called by the engine, several times a review.
        owed, (arguments_too, results_too) = self._owed, self._forgotten

        def called(_: Any, arguments: tuple[Any, ...]) -> Any:
            if owed:
                _release(owed.pop())
            try:
                result = body(*arguments)
            except (ValueError, ArithmeticError) as error:
                result, self.refusal = None, str(error)
            if arguments_too:
                _release(arguments)
            # There are but two truths, and to count who holds them frees nothing.
            if results_too and type(result) is not bool:
                owed.append(result)
            return result

        return called


@cache
def forgotten() -> Forgotten:
    """What this engine forgets, found out by counting the references to what one call was given and gave."""
    seen: list[str] = []

    def probe(text: str) -> str:
        seen.extend((text, f"{text}, and an answer"))
        return seen[1]

    overload = cel.Overload("probe_text", cel.Type.STRING, [cel.Type.STRING], is_member=False, impl=probe)
    environment = cel.NewEnv(functions=[cel.FunctionDecl("probe", [overload])])
    environment.compile("probe('a question') == ''").eval(environment.Activation({}))
    # One is the list's, one that of the call that counts.
    counts = [sys.getrefcount(seen[index]) - 2 for index in range(2)]
    return Forgotten(counts[0] > 0, counts[1] > 0)


LENDER: Final = Lender(forgotten())
NO_VALUE: Final = "Unexpected value type for 'Python function"
"""How the engine's error begins where a lent function gave None."""
