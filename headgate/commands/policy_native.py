"""`headgate policy native`: what of a policy the API server can keep by itself, beyond the limits it keeps anyway."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import yaml

from headgate.exits import FINDINGS, UNUSABLE
from headgate.offline.judging import name_of, ours
from headgate.offline.native import native
from webhooks.manifests import ManifestError, placed, read, stored

POLICY_KINDS = ("Policy", "ClusterPolicy")


@click.command("native")
@click.option(
    "-f",
    "--filename",
    "paths",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="Policies; - is standard input.",
)
@click.option("-n", "--namespace", default="default", show_default=True, help="Namespace of policies that name none.")
def command(paths: tuple[Path, ...], namespace: str) -> None:
    """Print ValidatingAdmissionPolicies for the rules in CEL of policies, to be applied by an administrator.

    Nothing of Headgate applies them, and nothing keeps them in step: print them again when the policy changes.

    Exit codes: 0 every rule was printed, 1 some could not be, 2 something cannot be read.
    """
    try:
        found = [stored(one.obj) for one in placed(read(paths, sys.stdin.buffer), namespace) if ours(one)]
    except ManifestError as error:
        click.echo(f"headgate policy native: {error}", err=True)
        sys.exit(UNUSABLE)
    policies = [obj for obj in found if obj["kind"] in POLICY_KINDS]
    if not policies:
        raise click.UsageError(f"there is no policy in {', '.join(map(str, paths))}")
    left_out = False
    for policy in policies:
        made = native(policy)
        for manifest in made.manifests:
            click.echo(f"---\n# The rules of {name_of(policy)}. An old violation is not tolerated here.")
            click.echo(yaml.safe_dump(manifest, sort_keys=False, width=120, allow_unicode=True), nl=False)
        for why in made.left_out:
            click.echo(f"{name_of(policy)}: {why}", err=True)
        left_out = left_out or bool(made.left_out)
    sys.exit(FINDINGS if left_out else 0)
