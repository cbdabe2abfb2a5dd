"""How commands name their object."""

from __future__ import annotations

import click
import pytest

from headgate.fleet.targets import POOLS, TargetType


@pytest.mark.parametrize(
    ("given", "want"),
    [
        ("wp/thumbnails", "wp/thumbnails"),
        ("workerpool/thumbnails", "wp/thumbnails"),
        ("WorkerPools/thumbnails", "wp/thumbnails"),
        ("workerpools.work.headgate.dev/thumbnails", "wp/thumbnails"),
        ("hq/orders", "hq/orders"),
        ("queue/orders", "hq/orders"),
    ],
)
def test_a_target_is_named_as_kubectl_names_it(given: str, want: str) -> None:
    assert str(TargetType().convert(given, None, None)) == want


@pytest.mark.parametrize("given", ["thumbnails", "wp/", "/thumbnails", "deploy/thumbnails", "hq/orders"])
def test_what_a_command_is_not_about_is_refused_with_the_form_it_wants(given: str) -> None:
    with pytest.raises(click.BadParameter, match="is not of the form wp/NAME"):
        TargetType(POOLS).convert(given, None, None)
