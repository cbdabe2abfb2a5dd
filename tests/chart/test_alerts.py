"""The alerts of the chart ask for metrics that exist, of this install, and the page tells of each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from reconciler.metrics import DECLARED
from tests.chart.helm import Helm, of_kind
from webhooks.app import PATHS
from webhooks.metrics import Metrics

PAGE = Path(__file__).parents[2] / "docs" / "certificates.md"


@pytest.fixture(scope="module")
def alerts() -> list[dict[str, Any]]:
    objects = Helm().render(metrics__prometheusRule__enabled="true", metrics__prometheusRule__labels='{"release": "p"}')
    (made,) = of_kind(objects, "PrometheusRule")
    assert made["metadata"]["labels"]["release"] == "p"
    return [rule for group in made["spec"]["groups"] for rule in group["rules"]]


def exposed() -> set[str]:
    registry = CollectorRegistry()
    Metrics(PATHS, registry)
    of_the_webhook = {f"{one.name}{'_total' if one.type == 'counter' else ''}" for one in registry.collect()}
    return of_the_webhook | {declared.name for declared in DECLARED}


def test_every_metric_of_an_alert_exists(alerts: list[dict[str, Any]]) -> None:
    asked = {name for alert in alerts for name in re.findall(r"headgate_\w+", alert["expr"])}
    assert asked <= exposed()
    assert len(asked) >= 8


def test_an_alert_is_about_this_install_and_explained(alerts: list[dict[str, Any]]) -> None:
    page = PAGE.read_text()
    for alert in alerts:
        assert 'namespace="media"' in alert["expr"], alert
        assert f"`{alert['alert']}`" in page, "every alert has its line in docs/certificates.md"
        assert alert["annotations"]["summary"], alert
        assert "{{ $" not in alert["expr"], "templating is for annotations"


def test_without_being_asked_for_there_is_none() -> None:
    assert of_kind(Helm().render(), "PrometheusRule") == []
