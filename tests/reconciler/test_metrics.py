"""Metrics belong to their objects, and unknown is not zero."""

from __future__ import annotations

import pytest

from reconciler import metrics as m
from reconciler.declared import Declared, Type
from reconciler.keys import Key
from reconciler.metrics import Metrics


def test_an_unknown_number_is_absent() -> None:
    metrics = Metrics()
    metrics.set(m.QUEUE_JOBS, "shop", "q", "waiting", value=0)
    assert metrics.value(m.QUEUE_JOBS, "shop", "q", "waiting") == 0
    metrics.set(m.QUEUE_JOBS, "shop", "q", "waiting", value=None)
    metrics.set(m.QUEUE_JOBS, "shop", "q", "waiting", value=None)
    assert metrics.value(m.QUEUE_JOBS, "shop", "q", "waiting") is None


def test_what_belongs_to_an_object_goes_with_it() -> None:
    metrics = Metrics()
    for queue in ("q", "r"):
        metrics.set(m.QUEUE_JOBS, "shop", queue, "waiting", value=3)
        metrics.add(m.QUEUE_READS, "shop", queue, "Retrying")
    metrics.add(m.POOL_SCALED, "shop", "q", "up")
    metrics.forget(Key("Queue", "shop", "q"))
    metrics.forget(Key("Queue", "shop", "never"))
    text = metrics.text().decode()
    assert 'queue="q"' not in text
    assert 'queue="r"' in text
    assert 'pool="q"' in text, "a pool of the same name is another object"


def test_each_type_is_said_in_its_own_way() -> None:
    metrics = Metrics()
    metrics.add(m.STATUS_WRITES, "Queue", amount=2)
    metrics.observe(m.RECONCILE_SECONDS, "Queue", seconds=0.02)
    metrics.set(m.LEADING, value=1)
    assert metrics.value(m.STATUS_WRITES, "Queue") == 2
    assert metrics.value(m.RECONCILE_SECONDS, "Queue") == 1
    assert metrics.value(m.LEADING) == 1
    with pytest.raises(AssertionError, match="no counter"):
        metrics.add(m.LEADING)


@pytest.mark.parametrize("declared", m.DECLARED, ids=lambda declared: declared.name)
def test_names_follow_the_rules_of_prometheus(declared: Declared) -> None:
    assert declared.name.startswith("headgate_")
    assert declared.name.endswith("_total") == (declared.type is Type.COUNTER)
    assert declared.meaning.endswith(".")
    assert bool(declared.buckets) == (declared.type is Type.HISTOGRAM)


@pytest.mark.parametrize("declared", [one for one in m.DECLARED if one.owner], ids=lambda declared: declared.name)
def test_the_meaning_of_what_belongs_to_an_object_is_written_as_it_is(declared: Declared) -> None:
    assert not {"\\", "\n"} & {*declared.meaning}
