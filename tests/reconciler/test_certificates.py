"""What the metrics say about the certificates, and what a leader is asked to keep."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import create_autospec

import pytest

from certs.inject import CONFIGURATIONS, Outcome
from certs.keeping import LEAF_ONLY, Report
from certs.rotation import Step
from certs.store import EVERY_STEP, Bundle
from kube.events import Recorder
from kube.resources import Resource
from reconciler import certificates, metrics
from reconciler.events import Events
from reconciler.metrics import Metrics
from reconciler.settings import Certificates, Settings

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
BUNDLE = Bundle(b"", NOW + 365 * DAY, NOW + 90 * DAY, NOW, NOW + DAY, waiting=True)
WRITTEN = {"ValidatingWebhookConfiguration": Outcome.WRITTEN, "MutatingWebhookConfiguration": Outcome.SAME}


def test_a_good_pass_tells_ends_and_what_was_written() -> None:
    told = Metrics()
    certificates.tell(told, Report(BUNDLE, WRITTEN, drift=2))
    assert told.value(metrics.CERTIFICATE_ENDS, "leaf") == (NOW + 90 * DAY).timestamp()
    assert told.value(metrics.CERTIFICATE_ENDS, "authority") == (NOW + 365 * DAY).timestamp()
    assert told.value(metrics.CERTIFICATE_MADE, "leaf") == (NOW + DAY).timestamp()
    assert told.value(metrics.CERTIFICATE_DRIFT) == 2
    assert told.value(metrics.CERTIFICATE_CHANGING) == 1
    assert told.value(metrics.CERTIFICATE_INJECTIONS, "ValidatingWebhookConfiguration") == 1
    assert told.value(metrics.CERTIFICATE_INJECTIONS, "MutatingWebhookConfiguration") == 0
    assert told.value(metrics.CERTIFICATE_FAULTS) == 0


def test_a_fault_is_counted_and_leaves_what_was_known() -> None:
    told = Metrics()
    certificates.tell(told, Report(BUNDLE, WRITTEN, drift=0))
    certificates.tell(told, Report(fault="secrets is forbidden"))
    assert told.value(metrics.CERTIFICATE_FAULTS) == 1
    assert told.value(metrics.CERTIFICATE_ENDS, "leaf") == (NOW + 90 * DAY).timestamp()
    assert told.value(metrics.CERTIFICATE_DRIFT) == 0


CHANGED = replace(BUNDLE, step=Step.ADD_AUTHORITY, reason="the authority ends soon")


@pytest.mark.parametrize(
    ("report", "want_events"),
    [
        pytest.param(Report(BUNDLE, WRITTEN, drift=0), [], id="a pass that changed nothing"),
        pytest.param(
            Report(CHANGED, WRITTEN, drift=0),
            [("Normal", "CertificatesChanged", "AddAuthority, because the authority ends soon")],
            id="a step of a change, which is injected",
        ),
        pytest.param(
            Report(BUNDLE, WRITTEN, drift=3),
            [
                (
                    "Normal",
                    "CaBundleRestored",
                    "caBundle of 3 webhooks was not the authority's; put right in ValidatingWebhookConfiguration",
                )
            ],
            id="somebody had overwritten caBundle",
        ),
        pytest.param(
            Report(drift=3, fault="patch is forbidden"),
            [("Warning", "CertificatesNotKept", "patch is forbidden")],
            id="it cannot be put right",
        ),
    ],
)
def test_what_is_announced(report: Report, want_events: list[tuple[str, str, str]]) -> None:
    recorder = create_autospec(Recorder)
    about = certificates.service(certificates.duty(Settings(), "media"))
    certificates.announce(Events(recorder), about, report)
    assert [call.args[1:] for call in recorder.record.call_args_list] == want_events
    assert all(call.args[0] == about for call in recorder.record.call_args_list)
    assert (about["kind"], about["metadata"]) == ("Service", {"namespace": "media", "name": "headgate-webhook"})


@pytest.mark.parametrize(
    ("what", "want_targets", "want_steps"),
    [
        pytest.param(Certificates.INJECTED, CONFIGURATIONS, EVERY_STEP, id="everything"),
        pytest.param(Certificates.LEAF, (), LEAF_ONLY, id="a leader that may not inject touches no configuration"),
    ],
)
def test_what_is_kept(what: Certificates, want_targets: tuple[Resource, ...], want_steps: frozenset[Step]) -> None:
    kept = certificates.duty(Settings(certificates=what, leaf_lifetime=90.0), "media")
    assert (kept.namespace, kept.targets, kept.steps) == ("media", want_targets, want_steps)
    assert kept.lifetimes.leaf == timedelta(seconds=90)


def test_what_others_keep_is_left_alone() -> None:
    assert certificates.background(Settings(certificates=Certificates.NONE)) == ()


def test_certificates_are_made_by_the_clock_of_who_judges_them() -> None:
    server: list[datetime | None] = [None]
    now = certificates.judges_time(lambda: server[0], lambda: NOW + 300 * DAY)
    assert now() == NOW + 300 * DAY, "there is nothing else to go by yet"
    server[0] = NOW
    assert now() == NOW, "a leader whose clock runs a year ahead renews nothing before it is due"
