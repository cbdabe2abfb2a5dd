"""What every offline command that judges policies is told about the install it stands in for."""

from __future__ import annotations

import click

from webhooks.settings import PolicyRules


def _allowed(_context: click.Context, _option: click.Parameter, value: str) -> bool:
    return value == PolicyRules.ALLOWED


policy_rules_option = click.option(
    "--policy-rules",
    "namespaced_rules",
    type=click.Choice([one.value for one in PolicyRules]),
    callback=_allowed,
    default=PolicyRules.ALLOWED.value,
    show_default=True,
    help="Whether a Policy may carry rules in CEL, as a ClusterPolicy always may.",
)
"""As the chart's value `policies.rules` has it; the command gets a boolean."""
