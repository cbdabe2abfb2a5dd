"""The webhook's certificates, kept by the leader beside the keys, and what metrics and Events say about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from certs.inject import CONFIGURATIONS, Outcome
from certs.keeping import LEAF_ONLY, Duty, Report, keep
from certs.rotation import Lifetimes, Step
from certs.store import Bundle
from reconciler import metrics
from reconciler.context import Context
from reconciler.events import Events
from reconciler.metrics import Metrics
from reconciler.process import Background
from reconciler.reasons import Reason
from reconciler.settings import Certificates, Settings


def background(settings: Settings) -> tuple[Background, ...]:
    """What the leader does about certificates; nothing where somebody else keeps them."""
    return () if settings.certificates is Certificates.NONE else (_keep,)


def duty(settings: Settings, namespace: str) -> Duty:
    """What there is to keep. A leader that keeps the leaf alone has no right to look at what is injected."""
    lifetimes = Lifetimes(
        timedelta(seconds=settings.authority_lifetime),
        timedelta(seconds=settings.leaf_lifetime),
        timedelta(seconds=settings.certificate_settle),
    )
    if settings.certificates is Certificates.LEAF:
        return Duty(namespace=namespace, service=settings.service, lifetimes=lifetimes, targets=(), steps=LEAF_ONLY)
    return Duty(namespace=namespace, service=settings.service, lifetimes=lifetimes, targets=CONFIGURATIONS)


async def _keep(context: Context) -> None:
    client, settings = context.client, context.settings
    kept = duty(settings, context.namespace)
    now = judges_time(lambda: client.server_date, context.clock)

    def report(found: Report) -> None:
        tell(context.metrics, found)
        announce(context.events, service(kept), found)

    await keep(client, kept, now, report)


def service(kept: Duty) -> Mapping[str, Any]:
    """What the Events are about: whom the API server calls. Nothing of ours stands for an install."""
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": kept.namespace, "name": kept.service}}


def announce(events: Events, about: Mapping[str, Any], report: Report) -> None:
    """What a pass changed or could not do, where one looks when applies are refused: `kubectl get events`."""
    if report.fault:
        events.warning(about, Reason.CERTIFICATES_NOT_KEPT, report.fault)
    if report.bundle is not None and report.bundle.step is not Step.NONE:
        message = f"{report.bundle.step}, because {report.bundle.reason}"
        events.normal(about, Reason.CERTIFICATES_CHANGED, message)
    if report.drift and (restored := [kind for kind, how in report.outcomes.items() if how is Outcome.WRITTEN]):
        message = f"caBundle of {report.drift} webhooks was not the authority's; put right in {', '.join(restored)}"
        events.normal(about, Reason.CA_BUNDLE_RESTORED, message)


def judges_time(server: Callable[[], datetime | None], own: Callable[[], datetime]) -> Callable[[], datetime]:
    """The API server's clock, who judges by it what the leader makes; one's own until it has answered anything.

    A pass begins by asking the API server something, so it is never older than the pass.
    """
    return lambda: (server() or own()).astimezone(UTC)


def tell(told: Metrics, report: Report) -> None:
    """What one pass left, as metrics. What it could not see stays as it was, and the fault is counted."""
    if report.drift is not None:
        told.set(metrics.CERTIFICATE_DRIFT, value=report.drift)
    told.add(metrics.CERTIFICATE_FAULTS, amount=1 if report.fault else 0)
    for resource, outcome in report.outcomes.items():
        told.add(metrics.CERTIFICATE_INJECTIONS, resource, amount=1 if outcome is Outcome.WRITTEN else 0)
    if report.bundle is not None:
        _tell_certificates(told, report.bundle)


def _tell_certificates(told: Metrics, bundle: Bundle) -> None:
    told.set(metrics.CERTIFICATE_CHANGING, value=1 if bundle.waiting else 0)
    for name, ends, made in (
        ("authority", bundle.authority_ends, bundle.authority_made),
        ("leaf", bundle.leaf_ends, bundle.leaf_made),
    ):
        if ends and made:
            told.set(metrics.CERTIFICATE_ENDS, name, value=ends.timestamp())
            told.set(metrics.CERTIFICATE_MADE, name, value=made.timestamp())
