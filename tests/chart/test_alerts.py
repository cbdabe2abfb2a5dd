"""The alerts of the chart ask for metrics that exist, of this install, and the page tells of each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from reconciler.metrics import DECLARED
from tests.chart.helm import CRDS, HEADGATE, Helm, of_kind
from webhooks import conversion_metrics
from webhooks.app import PATHS
from webhooks.metrics import Metrics

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {HEADGATE: ("certificates.md", "policies.md"), CRDS: ("versions.md",)}
CERTIFICATES = {
    "headgate_certificate_not_after_seconds",
    "headgate_certificate_last_rotation_seconds",
    "headgate_certificate_injection_drift",
    "headgate_certificate_injections_total",
    "headgate_certificate_faults_total",
    "headgate_certificate_changing",
    "headgate_webhook_certificate_verified",
    "headgate_webhook_certificate_not_after_seconds",
    "headgate_converter_certificate_not_after_seconds",
}


def rules(chart: Path) -> list[dict[str, Any]]:
    given = {"metrics__prometheusRule__enabled": "true", "metrics__prometheusRule__labels": '{"release": "p"}'}
    objects = Helm().render(chart, **given)
    (made,) = of_kind(objects, "PrometheusRule")
    assert made["metadata"]["labels"]["release"] == "p"
    return [rule for group in made["spec"]["groups"] for rule in group["rules"]]


def exposed() -> set[str]:
    registry = CollectorRegistry()
    Metrics(PATHS, registry)
    conversion_metrics.Metrics(registry)
    suffixes = {"counter": "_total", "histogram": "_bucket"}
    of_the_servers = {f"{one.name}{suffixes.get(one.type, '')}" for one in registry.collect()}
    return of_the_servers | {declared.name for declared in DECLARED}


def asked() -> set[str]:
    return {name for chart in PAGES for alert in rules(chart) for name in re.findall(r"headgate_\w+", alert["expr"])}


def test_every_metric_of_an_alert_exists() -> None:
    assert asked() <= exposed()


def test_every_metric_of_certificates_has_its_alert() -> None:
    assert {name for name in exposed() if "certificate" in name} == CERTIFICATES
    assert asked() >= CERTIFICATES


@pytest.mark.parametrize("chart", PAGES, ids=lambda chart: chart.name)
def test_an_alert_is_about_this_install_and_explained(chart: Path) -> None:
    page = "".join((DOCS / name).read_text() for name in PAGES[chart])
    for alert in rules(chart):
        assert 'namespace="media"' in alert["expr"], alert
        assert f"`{alert['alert']}`" in page, "every alert has its line on the page"
        assert alert["annotations"]["summary"], alert
        assert "{{ $" not in alert["expr"], "templating is for annotations"


@pytest.mark.parametrize("chart", PAGES, ids=lambda chart: chart.name)
def test_without_being_asked_for_there_is_none(chart: Path) -> None:
    assert of_kind(Helm().render(chart), "PrometheusRule") == []
