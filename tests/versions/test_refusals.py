"""Nothing that v1 refuses gets in through v1beta1: where its schema has no words for the mistake, the webhook has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

import crds
from crds import meta
from crds.conversion import convert
from tests.crds import beta
from tests.crds.apiserver import Object
from tests.crds.test_validation import CHANGED, NEW
from tests.versions.api import Api, path
from tests.webhooks.install import Install
from tests.webhooks.kubectl import apply

pytestmark = pytest.mark.control_plane


def cases(table: Any) -> Iterator[tuple[str, Any]]:
    """The cases that are refused, of kinds that both versions have: what they are called, and their values."""
    for case in table:
        if case.values[-1] and case.values[0]["kind"] != meta.CLUSTER_POLICY.kind:
            yield str(case.id), case.values


def fields(lines: list[str]) -> set[str]:
    return {line.partition(": ")[0] for line in lines}


NEW_CASES: Final = [pytest.param(obj, fields(lines), id=name) for name, (obj, lines) in cases(NEW)]
CHANGED_CASES: Final = [
    pytest.param(number, old, new, id=name)
    for number, (name, (old, new, _)) in enumerate(cases(CHANGED))
    if not crds.validate(old["kind"], old)
]


@pytest.mark.parametrize(("obj", "want_fields"), NEW_CASES)
def test_what_v1_refuses_is_refused_in_v1beta1(obj: Object, want_fields: set[str], api: Api, judged: str) -> None:
    answer = api.post(convert(obj, meta.BETA_API_VERSION), judged, "?dryRun=All")

    assert answer.refused, answer.body
    assert want_fields <= set(answer.fields), answer.body


def renamed(obj: Object, number: int) -> Object:
    return {**obj, "metadata": {**obj["metadata"], "name": f"{obj['metadata']['name']}-{number}"}}


@pytest.mark.parametrize(("number", "old", "new"), CHANGED_CASES)
def test_a_change_that_v1_refuses_is_refused_in_v1beta1(
    number: int, old: Object, new: Object, api: Api, judged: str
) -> None:
    old, new = renamed(old, number), renamed(new, number)
    created = api.post(old, judged)
    assert created.status == 201, created.body
    written = convert(new, meta.BETA_API_VERSION)
    version = api.get(old, judged, meta.BETA)["metadata"]["resourceVersion"]
    written["metadata"] = {**written["metadata"], "resourceVersion": version}

    answer = api.ask("PUT", path(written, judged) + "?dryRun=All", written)

    assert answer.refused, answer.body


SAID: Final = (
    pytest.param(
        beta.beta("Queue"),
        "spec.broker: Required value: must be set",
        id="a Queue of the old project that names no Redis",
    ),
    pytest.param(
        beta.queue(deadLetterQueue={"retryBackoff": {"initialDelay": "1m", "maxDelay": "30s"}}),
        'spec.retry.backoff.initial: Invalid value: "1m": must not be longer than max, 30s',
        id="what both versions know is said with the field of v1",
    ),
    pytest.param(
        beta.pool({"concurrency": 20, "maxInFlight": 10}),
        "spec.maxInFlight: Invalid value: 10: must be at least concurrency, 20",
        id="the same for workers",
    ),
)


@pytest.mark.parametrize(("obj", "want"), SAID)
def test_what_people_are_told(obj: Object, want: str, webhook: Install, judged: str) -> None:
    done = apply(webhook.cluster, {**obj, "metadata": {**obj["metadata"], "namespace": judged}})

    assert done.code == 1
    assert done.err.splitlines()[-1].endswith(want), done.err
