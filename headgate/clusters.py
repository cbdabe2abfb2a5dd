"""The cluster a command asks: its options, a client for as long as the command runs, and errors in one line."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from crds import meta
from headgate.exits import UNUSABLE
from kube import config
from kube.client import Client, Object
from kube.config import ConfigError
from kube.errors import ApiError
from kube.resources import Resource, custom

T = TypeVar("T")

QUEUES, POOLS, POLICIES, CLUSTER_POLICIES = (
    custom(meta.GROUP, meta.VERSION, kind.plural, kind.kind, kind.namespaced) for kind in meta.KINDS
)


def kubeconfig_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--kubeconfig",
        type=click.Path(path_type=Path),
        help="Kubeconfig. Absent: KUBECONFIG, or the pod's own account.",
    )(function)


def namespace_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("-n", "--namespace", default="", help="Namespace. Empty: the kubeconfig's or the pod's.")(
        function
    )


def ask(command: str, kubeconfig: Path | None, work: Callable[[Client], Awaitable[T]]) -> T:
    """What `work` gives, done with an open client. A cluster that refuses or is not there ends the command with 2."""

    async def run() -> T:
        async with Client(await config.load(kubeconfig), warnings=functools.partial(_warn, command)) as client:
            return await work(client)

    try:
        return asyncio.run(run())
    except (ApiError, ConfigError) as error:
        click.echo(f"headgate {command}: {error}", err=True)
        sys.exit(UNUSABLE)


async def everything(client: Client, resources: Sequence[Resource], namespace: str | None) -> list[Object]:
    """All objects of these kinds, in one namespace or (None) in all."""
    listings = [await client.list(resource, namespace if resource.namespaced else None) for resource in resources]
    return [obj for listing in listings for obj in listing.items]


def _warn(command: str, text: str) -> None:
    click.echo(f"headgate {command}: warning: {text}", err=True)
