"""`wp/thumbnails`: the object a command is about, named as kubectl names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import click

from crds import meta
from kube.resources import Resource, custom

QUEUES: Final = custom(meta.GROUP, meta.VERSION, meta.QUEUE.plural, meta.QUEUE.kind)
POOLS: Final = custom(meta.GROUP, meta.VERSION, meta.WORKER_POOL.plural, meta.WORKER_POOL.kind)

_KINDS: Final = {
    word: resource
    for kind, resource in ((meta.QUEUE, QUEUES), (meta.WORKER_POOL, POOLS))
    for word in (kind.short_name, kind.singular, kind.plural, f"{kind.plural}.{meta.GROUP}")
}


@dataclass(frozen=True, slots=True)
class Target:
    """One Queue or WorkerPool. `str` gives it back as a command would be given it."""

    resource: Resource
    name: str

    @property
    def is_pool(self) -> bool:
        return self.resource is POOLS

    def __str__(self) -> str:
        return f"{(meta.WORKER_POOL if self.is_pool else meta.QUEUE).short_name}/{self.name}"


class TargetType(click.ParamType[Target]):
    """A command's argument KIND/NAME. `kinds` bounds what the command can be about."""

    name = "KIND/NAME"

    def __init__(self, *kinds: Resource) -> None:
        self._kinds = kinds or (POOLS, QUEUES)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Target:
        if isinstance(value, Target):
            return value
        word, slash, name = str(value).partition("/")
        resource = _KINDS.get(word.lower())
        if not slash or not name or resource not in self._kinds:
            known = " or ".join(str(Target(kind, "NAME")) for kind in self._kinds)
            self.fail(f"{value!r} is not of the form {known}", param, ctx)
        return Target(resource, name)
