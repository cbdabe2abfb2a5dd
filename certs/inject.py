"""Tells the API server which authority to trust: caBundle of the two webhook configurations of an install.

Written as a JSON patch, not by server-side apply: applying would make us a co-owner of each list entry, and a chart
that later drops or renames one could no longer do so (the API server would keep the entry for our sake, without the
fields it requires, and refuse the upgrade). Every operation first tests that the entry is still the one that was read.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from kube.client import Client
from kube.errors import Invalid, NotFound
from kube.resources import MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS, Resource

CONFIGURATIONS: Final = (MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS)
FIELD_MANAGER: Final = "headgate-certs"
ATTEMPTS: Final = 5


class Outcome(StrEnum):
    """What `inject` found and did. Missing is an administrator's decision: nobody puts a configuration back."""

    SAME = "Same"
    WRITTEN = "Written"
    MISSING = "Missing"


class NotInjectedError(Exception):
    """The API server does not hold one and the same bundle in all webhooks of the install. The text says where."""


@dataclass(frozen=True, slots=True)
class Injection:
    """The caBundle (PEM, b"" for none) of every webhook of an install. Configurations that are not there have none."""

    bundles: tuple[bytes, ...] = ()

    def differing(self, bundle: bytes) -> int:
        """How many webhooks hold something else."""
        return sum(one != bundle for one in self.bundles)

    @property
    def some(self) -> bytes:
        """One of the bundles; b"" where no webhook has any."""
        return next((one for one in self.bundles if one), b"")


def configuration_name(namespace: str) -> str:
    """The name of the webhook configurations of the install in `namespace`."""
    return f"headgate-{namespace}"


def operations(configuration: Mapping[str, Any], bundle: bytes) -> list[dict[str, Any]]:
    """The JSON patch that leaves `bundle` in every entry; empty when it is there already. Pure."""
    wanted = base64.b64encode(bundle).decode()
    patch: list[dict[str, Any]] = []
    for index, entry in enumerate(configuration.get("webhooks") or []):
        if entry["clientConfig"].get("caBundle") != wanted:
            at = f"/webhooks/{index}"
            patch.append({"op": "test", "path": f"{at}/name", "value": entry["name"]})
            patch.append({"op": "add", "path": f"{at}/clientConfig/caBundle", "value": wanted})
    return patch


async def inject(client: Client, resource: Resource, name: str, bundle: bytes) -> Outcome:
    """Makes `bundle` (PEM) the caBundle of every entry of one configuration; writes only where it differs."""
    for attempt in range(ATTEMPTS):
        try:
            patch = operations(await client.get(resource, name), bundle)
            if not patch:
                return Outcome.SAME
            await client.json_patch(resource, name, None, patch, field_manager=FIELD_MANAGER)
        except NotFound:
            return Outcome.MISSING
        except Invalid:
            # An entry moved between reading and writing, so a test failed. What stays invalid is not ours to mend.
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return Outcome.WRITTEN
    raise AssertionError("the last attempt returns or raises")


async def read_injection(client: Client, targets: Iterable[Resource], name: str) -> Injection:
    """What the API server holds now in the configurations of this name."""
    found: list[bytes] = []
    for resource in targets:
        try:
            configuration = await client.get(resource, name)
        except NotFound:
            continue
        entries = configuration.get("webhooks") or []
        found += (base64.b64decode(entry["clientConfig"].get("caBundle") or "") for entry in entries)
    return Injection(tuple(found))


async def injected_bundle(client: Client, namespace: str) -> bytes:
    """The bundle (PEM) by which the API server judges the webhook; raises NotInjectedError."""
    name = configuration_name(namespace)
    found: set[str] = set()
    for resource in CONFIGURATIONS:
        try:
            configuration = await client.get(resource, name)
        except NotFound:
            raise NotInjectedError(f"there is no {resource.kind} {name}") from None
        for entry in configuration.get("webhooks") or []:
            bundle = entry["clientConfig"].get("caBundle")
            if not bundle:
                raise NotInjectedError(f"{entry['name']} of {resource.kind} {name} has no caBundle")
            found.add(bundle)
    if len(found) != 1:
        raise NotInjectedError(f"the webhooks of {name} have {len(found)} different caBundles")
    return base64.b64decode(found.pop())
