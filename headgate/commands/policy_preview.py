"""`headgate policy preview`: whom a policy would hit."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

import crds
from crds import meta
from headgate import clusters
from headgate.exits import FINDINGS, UNUSABLE
from headgate.offline.judging import name_of, ours
from headgate.tables import table
from kube.client import Client, Object
from kube.resources import NAMESPACES
from policies import MemorySnapshot, text
from policies.fields import text as text_of
from policies.preview import Preview
from webhooks.manifests import ManifestError, placed, read
from webhooks.manifests import stored as as_stored

POLICY_KINDS = (meta.POLICY.kind, meta.CLUSTER_POLICY.kind)
PathType = click.Path(path_type=Path)


@click.command("preview")
@click.option("-f", "--filename", "paths", type=PathType, multiple=True, required=True, help="Policies; - is stdin.")
@click.option("--against", type=PathType, multiple=True, help="Files and folders to look at, instead of a cluster.")
@click.option("-n", "--namespace", default="default", show_default=True, help="Namespace of objects that name none.")
@clusters.kubeconfig_option
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    paths: tuple[Path, ...], against: tuple[Path, ...], namespace: str, kubeconfig: Path | None, output: str
) -> None:
    """Say which of the stored objects a policy would find fault with, whatever its action.

    Exit codes: 0 none, 1 some, 2 something cannot be read.
    """
    try:
        wanted = [as_stored(found.obj) for found in placed(read(paths, sys.stdin.buffer), namespace) if ours(found)]
        given = [as_stored(found.obj) for found in placed(read(against), namespace)]
    except ManifestError as error:
        click.echo(f"headgate policy preview: {error}", err=True)
        sys.exit(UNUSABLE)
    policies = [obj for obj in wanted if obj["kind"] in POLICY_KINDS]
    if not policies:
        raise click.UsageError(f"there is no policy in {', '.join(map(str, paths))}")
    _refuse_invalid(policies)
    objects = given if against else clusters.ask("policy preview", kubeconfig, lambda client: stored(client, policies))
    world, now = MemorySnapshot.of(objects), datetime.now(UTC)
    found = [preview(policy, objects, world, now) for policy in policies]
    click.echo("\n".join(as_text(found)) if output == "text" else as_json(found))
    sys.exit(FINDINGS if any(one.violators for one in found) else 0)


def _refuse_invalid(policies: list[dict[str, Any]]) -> None:
    """A policy that could not be stored would find nothing, and that would be taken for good news."""
    lines = [
        f"headgate policy preview: {name_of(policy)}: {finding.line()}"
        for policy in policies
        for finding in crds.validate(policy["kind"], policy)
    ]
    if lines:
        click.echo("\n".join(lines), err=True)
        sys.exit(UNUSABLE)


async def stored(client: Client, policies: list[dict[str, Any]]) -> list[Object]:
    """What the policies could be about, and what decides it: of one namespace, unless a ClusterPolicy is among them."""
    kinds = [clusters.QUEUES, clusters.POOLS, clusters.POLICIES]
    namespaces = {text_of(policy, "metadata", "namespace") for policy in policies}
    if "" in namespaces:
        return await clusters.everything(client, [*kinds, clusters.CLUSTER_POLICIES, NAMESPACES], None)
    return [obj for namespace in sorted(namespaces) for obj in await clusters.everything(client, kinds, namespace)]


def preview(
    policy: dict[str, Any], objects: Iterable[Mapping[str, Any]], world: MemorySnapshot, now: datetime
) -> Preview:
    """As if the policy stood in the world, in place of the one of its name; each object is judged as it stands."""
    found = Preview.of(policy["kind"], policy, world, now)
    for obj in objects:
        kind, namespace = text_of(obj, "kind"), text_of(obj, "metadata", "namespace")
        if kind in found.kinds and found.policy.namespace in ("", namespace):
            found.look(kind, obj)
    return found


def rows(found: Preview) -> Iterator[tuple[str, ...]]:
    """One row a finding: namespace, object, field, and what is wrong."""
    for one in found.violators:
        for violation in one.violations:
            what = f"{violation.finding.detail()} ({violation.rule})"
            yield one.namespace, f"{one.kind}/{one.name}", violation.finding.field, what


def as_text(found: list[Preview]) -> Iterator[str]:
    for one in found:
        if one.violators:
            yield from table(("NAMESPACE", "OBJECT", "FIELD", "FINDING"), list(rows(one)))
        yield f"{_name(one)}: {len(one.violators)} of {one.concerned} objects would violate it"


def _name(found: Preview) -> str:
    policy = found.policy
    return f"{policy.kind} {policy.namespace}/{policy.name}" if policy.namespace else f"{policy.kind} {policy.name}"


def as_json(found: list[Preview]) -> str:
    told = [
        {
            "policy": _name(one),
            "lookedAt": one.concerned,
            "broken": [
                {
                    "kind": broken.kind,
                    "namespace": broken.namespace,
                    "name": broken.name,
                    "violations": [
                        {
                            "field": violation.finding.field,
                            "rule": violation.rule,
                            "action": violation.action,
                            "message": text.detail(violation),
                        }
                        for violation in broken.violations
                    ],
                }
                for broken in one.violators
            ],
        }
        for one in found
    ]
    return orjson.dumps({"previews": told}, option=orjson.OPT_INDENT_2).decode()
