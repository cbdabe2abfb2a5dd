"""Attributes that are worked out when they are first asked for, and kept.

`functools.cached_property` does the same and takes a lock each time, which in Python 3.11 costs as much as a rule does;
a decision is made by one thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Value = TypeVar("Value")


class Lazy(Generic[Value]):
    """`@lazy` on a method without arguments. Python asks it only as long as the instance has no such attribute."""

    def __init__(self, make: Callable[[Any], Value]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...

    def __get__(self, instance: object, owner: type) -> Any:
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._make(instance)
        return value


lazy = Lazy
