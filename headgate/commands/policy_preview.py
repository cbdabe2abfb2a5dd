"""`headgate policy preview`: whom a policy would hit."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from crds import meta
from headgate import clusters
from headgate.exits import FINDINGS, UNUSABLE
from headgate.offline import telling
from headgate.offline.asking import policy_rules_option
from headgate.offline.judging import Verdict, judge, ours
from kube.client import Client, Object
from kube.errors import Forbidden, NotFound
from kube.resources import NAMESPACES
from policies import MemorySnapshot, text
from policies.fields import text as text_of
from policies.preview import Preview
from webhooks.manifests import ManifestError, label, placed, read
from webhooks.manifests import stored as as_stored

POLICY_KINDS = (meta.POLICY.kind, meta.CLUSTER_POLICY.kind)
PathType = click.Path(path_type=Path)


@click.command("preview")
@click.option("-f", "--filename", "paths", type=PathType, multiple=True, required=True, help="Policies; - is stdin.")
@click.option("--against", type=PathType, multiple=True, help="Files and folders to look at, instead of a cluster.")
@click.option("-n", "--namespace", default="default", show_default=True, help="Namespace of objects that name none.")
@policy_rules_option
@clusters.kubeconfig_option
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    paths: tuple[Path, ...],
    against: tuple[Path, ...],
    namespace: str,
    namespaced_rules: bool,
    kubeconfig: Path | None,
    output: str,
) -> None:
    """Say which of the stored objects a policy would find fault with, whatever its action.

    Exit codes: 0 none, 1 some, 2 something cannot be read, or the policy would be refused itself.
    """
    try:
        wanted = [found for found in placed(read(paths, sys.stdin.buffer), namespace) if ours(found)]
        given = [as_stored(found.obj) for found in placed(read(against), namespace)]
    except ManifestError as error:
        _say(str(error))
        sys.exit(UNUSABLE)
    manifests = [found for found in wanted if found.obj["kind"] in POLICY_KINDS]
    if not manifests:
        raise click.UsageError(f"there is no policy in {', '.join(map(label, paths))}")
    policies = [as_stored(found.obj) for found in manifests]
    objects = given if against else clusters.ask("policy preview", kubeconfig, functools.partial(stored, policies))
    world, now = MemorySnapshot.of(objects), datetime.now(UTC)
    # In a folder the policy may stand as it is given here, and an edit that changes nothing would not be judged.
    known = {} if against else {_identity(obj): obj for obj in objects if obj["kind"] in POLICY_KINDS}
    verdicts = [
        judge(one, world, now, known.get(_identity(one.obj)), namespaced_rules=namespaced_rules) for one in manifests
    ]
    _refuse_invalid(verdicts)
    found = [preview(policy, objects, world, now) for policy in policies]
    click.echo("\n".join(as_text(found)) if output == "text" else as_json(found))
    sys.exit(FINDINGS if any(one.violators for one in found) else 0)


def _refuse_invalid(verdicts: list[Verdict]) -> None:
    """A policy that could not be stored would find nothing, and that would be taken for good news."""
    refused = [verdict for verdict in verdicts if not verdict.allowed]
    for verdict in refused:
        for line in telling.lines(verdict):
            click.echo(line, err=True)
    if refused:
        _say("a policy that would be refused has no preview")
        sys.exit(UNUSABLE)


def _identity(policy: Mapping[str, Any]) -> tuple[str, str, str]:
    return policy["kind"], text_of(policy, "metadata", "namespace"), text_of(policy, "metadata", "name")


def _say(line: str) -> None:
    click.echo(f"headgate policy preview: {line}", err=True)


async def stored(policies: list[dict[str, Any]], client: Client) -> list[Object]:
    """What the policies could be about, and what decides it: of one namespace, unless a ClusterPolicy is among them."""
    kinds = [clusters.QUEUES, clusters.POOLS, clusters.POLICIES]
    namespaces = {text_of(policy, "metadata", "namespace") for policy in policies}
    if "" in namespaces:
        return await clusters.everything(client, [*kinds, clusters.CLUSTER_POLICIES, NAMESPACES], None)
    found = [obj for namespace in sorted(namespaces) for obj in await clusters.everything(client, kinds, namespace)]
    return found + await _above(client, sorted(namespaces))


async def _above(client: Client, namespaces: list[str]) -> list[Object]:
    """What comes from outside of the namespaces: their labels, and the defaults of ClusterPolicies. Not everybody who
    writes Policies may read it, and then the preview is made without, and says so.
    """
    found: list[Object] = []
    try:
        found += await clusters.everything(client, [clusters.CLUSTER_POLICIES], None)
    except Forbidden:
        _say("clusterpolicies cannot be read with these rights: what they fill in is left out")
    for name in namespaces:
        try:
            found.append(await client.get(NAMESPACES, name))
        except NotFound:
            # A namespace that is not there yet has nothing in it either.
            continue
        except Forbidden:
            _say(f"namespace {name} cannot be read with these rights: its labels are taken for none")
    return found


def preview(
    policy: dict[str, Any], objects: Iterable[Mapping[str, Any]], world: MemorySnapshot, now: datetime
) -> Preview:
    """As if the policy stood in the world, in place of the one of its name; each object is judged as it stands."""
    found = Preview.of(policy["kind"], policy, world, now)
    for obj in objects:
        kind, namespace = text_of(obj, "kind"), text_of(obj, "metadata", "namespace")
        if kind in found.kinds and found.policy.namespace in ("", namespace):
            found.look(kind, obj)
    found.finished.update(found.kinds)
    return found


def as_text(found: list[Preview]) -> Iterator[str]:
    for one in found:
        for broken in one.violators:
            yield f"{broken.kind} {broken.namespace}/{broken.name}"
            for violation in broken.violations:
                finding = violation.finding
                yield from telling.wrapped(f"{finding.field}: {finding.detail()} ({violation.rule})")
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
