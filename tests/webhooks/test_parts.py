"""The small parts of the server, each by itself."""

from __future__ import annotations

import gc
import json
import logging
import sys
from pathlib import Path

import pytest

from webhooks import heap, manifests
from webhooks.deadline import DEFAULT_SECONDS, LONGEST_SECONDS, SHARE, allotted
from webhooks.logs import JSONFormatter
from webhooks.metrics import Metrics
from webhooks.readiness import Need, Readiness
from webhooks.review import MAX_WARNINGS, fitting, uid_of
from webhooks.trust import CHECK_SECONDS, FIRST_CHECK_SECONDS, watch


@pytest.mark.parametrize(
    ("query", "want_seconds"),
    [
        (b"timeout=5s", 5),
        (b"timeout=250ms", 0.25),
        (b"timeout=1m", LONGEST_SECONDS),
        (b"a=b&timeout=2s&c=d", 2),
        (b"timeout=2.5s", 2.5),
        (b"", DEFAULT_SECONDS),
        (b"timeout=", DEFAULT_SECONDS),
        (b"timeout=0s", DEFAULT_SECONDS),
        (b"timeout=-5s", DEFAULT_SECONDS),
        (b"timeout=99999999999999999999s", DEFAULT_SECONDS),
        (b"timeout=5", DEFAULT_SECONDS),
        (b"mytimeout=5s", DEFAULT_SECONDS),
    ],
)
def test_the_time_a_review_may_take(query: bytes, want_seconds: float) -> None:
    assert allotted(query) == pytest.approx(want_seconds * SHARE)


@pytest.mark.parametrize(
    ("beginning", "want_uid"),
    [
        (b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"a-1"', "a-1"),
        (b'{"request" : { "uid" : "a-1", "object"', "a-1"),
        (b'{"request":{"object":{"metadata":{"uid":"other"}}}}', ""),
        (b'{"request":{"uid":"' + b"x" * 65, ""),
        (b" " * 5000 + b'{"request":{"uid":"a-1"', ""),
        (b"", ""),
    ],
)
def test_the_uid_is_found_in_what_cannot_be_parsed(beginning: bytes, want_uid: str) -> None:
    assert uid_of(beginning) == want_uid


@pytest.mark.parametrize(
    ("warnings", "want_fitting"),
    [
        pytest.param([], [], id="none"),
        pytest.param(["b", "a", "b"], ["b", "a"], id="each once, in their order"),
        pytest.param(["x" * 5000], ["and 1 more"], id="one that does not fit"),
    ],
)
def test_warnings_are_made_to_fit(warnings: list[str], want_fitting: list[str]) -> None:
    assert fitting(warnings) == want_fitting


def test_as_many_warnings_as_fit_are_told() -> None:
    fitted = fitting([f"{number:0>120}" for number in range(100)])
    assert sum(map(len, fitted)) <= MAX_WARNINGS
    assert fitted[-1] == f"and {100 - len(fitted) + 1} more"


def test_logs_name_types_and_places_and_quote_nothing() -> None:
    try:
        try:
            raise KeyError("s3cret")
        except KeyError as error:
            raise ValueError("s3cret too") from error
    except ValueError:
        record = logging.getLogger("x").makeRecord(
            "x", logging.ERROR, __file__, 1, "a review failed", (), sys.exc_info(), extra={"uid": "a-1"}
        )
    line = JSONFormatter().format(record)
    entry = json.loads(line)
    assert "s3cret" not in line
    assert (entry["level"], entry["message"], entry["uid"]) == ("error", "a review failed", "a-1")
    assert [cause["type"] for cause in entry["error"]] == ["ValueError", "KeyError"]
    assert entry["error"][0]["at"][0].endswith(":test_logs_name_types_and_places_and_quote_nothing")


class Asked:
    """Answers one after the other; after the last one the watch is ended."""

    def __init__(self, *answers: str | None) -> None:
        self._answers = list(answers)
        self.slept: list[float] = []

    async def ask(self) -> str | None:
        return self._answers.pop(0)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if not self._answers:
            raise InterruptedError


def verified(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("headgate_webhook_certificate_verified")


async def test_the_first_trusted_handshake_counts_and_later_trouble_is_only_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    readiness, metrics = Readiness(frozenset({Need.HANDSHAKE})), Metrics(())
    asked = Asked("not yet", "not yet", None, "expired")
    with pytest.raises(InterruptedError):
        await watch(asked.ask, readiness, metrics, sleep=asked.sleep)
    assert asked.slept == [FIRST_CHECK_SECONDS, FIRST_CHECK_SECONDS, CHECK_SECONDS, CHECK_SECONDS]
    assert readiness.ready, "what breaks later does not unready every replica at once"
    assert verified(metrics) == 0
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "the API server would not accept our certificate: not yet",
        "the API server would not accept our certificate: expired",
    ]


def test_manifests_of_folders_lists_and_json(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("kind: A\n---\n---\nkind: List\nitems: [{kind: B}, {kind: C}]\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.json").write_text('{"kind": "D"}')
    (tmp_path / "notes.txt").write_text("no manifest")
    found = [(manifest.obj["kind"], manifest.path.name, manifest.number) for manifest in manifests.read((tmp_path,))]
    assert found == [("A", "b.yaml", 1), ("B", "b.yaml", 3), ("C", "b.yaml", 3), ("D", "a.json", 1)]


@pytest.mark.parametrize(
    ("name", "content", "want_said"),
    [
        ("x.yaml", "a: [", "no YAML: did not find expected node content"),
        ("x.json", "{", "unexpected end of data"),
        ("x.yaml", "- 1\n", "document 1 is no Kubernetes object"),
        ("x.yaml", "kind: A\n---\nname: b\n", "document 2 is no Kubernetes object"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: str, want_said: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(manifests.ManifestError, match=want_said) as raised:
        list(manifests.read((tmp_path / name,)))
    assert str(tmp_path / name) in str(raised.value)


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(manifests.ManifestError, match="there is no such file or folder"):
        list(manifests.read((tmp_path / "gone",)))


def test_memory_is_given_back_without_loss() -> None:
    held = [{"number": number} for number in range(1000)]
    heap.settle()
    assert held[-1] == {"number": 999}
    gc.unfreeze()


def test_only_pages_that_files_still_have_are_given_back() -> None:
    """A page that was relocated or written to is nowhere but in memory; it would be read as it was before."""
    mappings = """\
1000-3000 r-xp 00000000 fe:00 11 /usr/lib/engine.so
Rss:                   8 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
3000-4000 r--p 00002000 fe:00 11 /usr/lib/engine.so
Anonymous:             4 kB
4000-5000 rw-p 00003000 fe:00 11 /usr/lib/engine.so
Anonymous:             0 kB
5000-6000 r--p 00000000 00:00 0
Anonymous:             0 kB
6000-7000 r-xp 00000000 00:00 0 [vdso]
Anonymous:             0 kB
7000-8000 r--s 00000000 fe:00 12 /usr/lib/cache
Anonymous:             0 kB
a000-b000 r--p 00000000 fe:00 13 /usr/lib/a name.so
Anonymous:             0 kB
"""
    assert list(heap._clean(mappings)) == [(0x1000, 0x3000), (0xA000, 0xB000)]
