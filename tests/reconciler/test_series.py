"""What is written out of the series of objects is what prometheus_client would write."""

from __future__ import annotations

from typing import Final

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.exposition import generate_latest

from reconciler.declared import Declared, Type
from reconciler.keys import Key
from reconciler.series import Families

JOBS: Final = Declared("headgate_jobs", Type.GAUGE, "Jobs.", ("namespace", "queue", "by"))
READS: Final = Declared("headgate_reads_total", Type.COUNTER, "Readings.", ("namespace", "queue"))
AUDITED: Final = Declared("headgate_audited", Type.GAUGE, "Findings.", ("namespace", "policy"))
ALL: Final = (JOBS, READS, AUDITED)

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LABELS = st.tuples(WORDS, WORDS, WORDS)
NUMBERS = st.one_of(st.floats(), st.integers(-(2**53), 2**53))


@given(st.dictionaries(LABELS, NUMBERS, max_size=6), st.dictionaries(st.tuples(WORDS, WORDS), st.integers(1, 9)))
def test_the_text_is_that_of_the_library(jobs: dict[tuple[str, ...], float], reads: dict[tuple[str, ...], int]) -> None:
    families, registry = Families(ALL), CollectorRegistry()
    gauge, counter, _ = (
        kind(one.name, one.meaning, one.labels, registry=registry)
        for kind, one in zip((Gauge, Counter, Gauge), ALL, strict=True)
    )
    for labels, value in jobs.items():
        families.set(JOBS, labels, value)
        gauge.labels(*labels).set(value)
    for labels, count in reads.items():
        for _ in range(count):
            families.add(READS, labels, 1)
            counter.labels(*labels).inc()
    want = generate_latest(registry).decode().split("\n")
    assert families.text().split("\n") == [line for line in want if "headgate_reads_created" not in line]


def test_a_number_is_what_was_set_last_until_it_goes() -> None:
    families = Families(ALL)
    for value in (1, 2):
        families.set(JOBS, ("shop", "orders", "waiting"), value)
    assert families.get(JOBS, ("shop", "orders", "waiting")) == 2
    assert families.text().count("orders") == 1
    families.remove(JOBS, ("shop", "orders", "waiting"))
    families.remove(JOBS, ("shop", "orders", "waiting"))
    assert families.get(JOBS, ("shop", "orders", "waiting")) is None
    assert "orders" not in families.text()


def test_what_is_forgotten_is_one_object_and_all_of_it() -> None:
    families = Families(ALL)
    families.set(JOBS, ("shop", "orders", "waiting"), 1)
    families.add(READS, ("shop", "orders"), 1)
    families.add(READS, ("shop", "mails"), 1)
    families.set(AUDITED, ("shop", "orders"), 1)
    families.set(AUDITED, ("", "orders"), 2)
    families.forget(Key("Queue", "shop", "orders"))
    families.forget(Key("Policy", "shop", "orders"))
    assert families.get(READS, ("shop", "mails")) == 1
    assert families.get(AUDITED, ("", "orders")) == 2, "a policy of the whole cluster is another object"
    assert families.text().count("orders") == 1
    families.forget(Key("ClusterPolicy", "", "orders"))
    assert "orders" not in families.text()
