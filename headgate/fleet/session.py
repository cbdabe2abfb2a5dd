"""What the commands share: how the cluster is reached, and how a failure becomes an exit code.

Exit codes: 0 done, 1 not in time, 2 the cluster or the object is not to be had.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from headgate.fleet.intents import Intent, Spec
from headgate.fleet.targets import Target
from kube import config
from kube.client import Client, Object
from kube.config import ConfigError
from kube.errors import ApiError, Conflict
from kube.resources import Resource

UNUSABLE: Final = 2
FIELD_MANAGER: Final = "headgate-cli"
ATTEMPTS: Final = 5

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a command works: `namespace` is None for all of them."""

    client: Client
    namespace: str | None

    async def get(self, target: Target) -> Object:
        return await self.client.get(target.resource, target.name, self.namespace)

    async def carry_out(self, target: Target, intent: Callable[[Spec], Intent | None]) -> str:
        """What was done, or that nothing was to do."""

        async def once() -> str:
            obj = await self.get(target)
            wanted = intent(obj["spec"])
            if wanted is None:
                return f"{target}: nothing to do"
            metadata = {"metadata": {"resourceVersion": obj["metadata"]["resourceVersion"]}}
            await self.patch(target.resource, target.name, {**wanted.patch, **metadata})
            return f"{target}: {wanted.done}"

        return await anew(once)

    async def patch(self, resource: Resource, name: str, patch: Mapping[str, Any]) -> None:
        """A merge patch, under the name by which commands are told apart from the reconciler."""
        await self.client.merge_patch(resource, name, self.namespace, patch, field_manager=FIELD_MANAGER)


async def anew(work: Callable[[], Awaitable[Result]]) -> Result:
    """What `work` gives, which reads an object and writes it, and is done again where another has written in between.

    A reconciler that works writes status every second or so. Raises Conflict where it happens `ATTEMPTS` times.
    """
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(Conflict):
            return await work()
    return await work()


Function = Callable[..., Any]


def reaching(command: Function) -> Function:
    """Adds the options by which a command finds its cluster."""
    for option in (
        click.option("--kubeconfig", type=click.Path(path_type=Path), help="Kubeconfig. Absent: as kubectl finds it."),
        click.option("-n", "--namespace", default="", help="Namespace. Absent: the kubeconfig's."),
    ):
        command = option(command)
    return command


def run(
    name: str,
    kubeconfig: Path | None,
    namespace: str,
    work: Callable[[Cluster], Awaitable[int]],
    *,
    everywhere: bool = False,
) -> None:
    """Runs `work` in the cluster and exits with what it returns."""

    async def connected() -> int:
        async with Client(await config.load(kubeconfig)) as client:
            return await work(Cluster(client, None if everywhere else namespace or client.connection.namespace))

    try:
        code = asyncio.run(connected())
    except (ApiError, ConfigError) as error:
        click.echo(f"headgate {name}: {error}", err=True)
        code = UNUSABLE
    sys.exit(code)
