"""The configuration file: what it may say, and that a worker follows it without a restart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from headgate_worker import config
from headgate_worker.config import ConfigError, Layout, RateLimit, Retry
from headgate_worker.watching import read

from tests.examples.worker.bench import Bench
from tests.examples.worker.building import FAST_RETRY, config_text, job, queue
from tests.examples.worker.conftest import StartWorker
from tests.waiting import eventually

CONTRACT = Path(__file__).resolve().parents[3] / "docs" / "worker-contract.md"


def test_the_contracts_example_is_read() -> None:
    example = CONTRACT.read_text().split("```json")[1].split("```")[0]
    parsed = config.parse(example)
    [thumbnails] = parsed.queues
    assert (parsed.generation, parsed.concurrency, parsed.max_in_flight) == ("5f3a9c01d2", 4, 4)
    assert (thumbnails.name, thumbnails.queue_name, thumbnails.layout) == ("thumbnails", "thumbnails", Layout.LIST)
    assert (thumbnails.processing_key, thumbnails.dead_letter) == ("thumbnails:processing", "thumbnails:dead")
    assert thumbnails.rate_limit == RateLimit(300, 60.0, 300)
    assert thumbnails.retry == Retry(3, 1.0, 30.0, 2.0, 20)


def test_what_is_absent_or_null_has_the_contracts_default() -> None:
    text = json.dumps({"queues": [{"name": "q", "layout": "Stream", "keyPrefix": "p:", "rateLimit": None}]})
    parsed = config.parse(text)
    [only] = parsed.queues
    assert (parsed.concurrency, parsed.max_in_flight) == (1, 1)
    assert (only.queue_name, only.consumer_group, only.dead_letter) == ("q", "workers", "q:dead")
    assert (only.processing_key, only.rate_limit, only.retry, only.paused) == ("p:q:processing", None, Retry(), False)


REFUSED: Mapping[str, tuple[Any, str]] = {
    "no object": ([1], "the file: must be an object"),
    "a queue without a name": ({"queues": [{"layout": "List"}]}, "queues[0].name: required"),
    "a queue that is none": ({"queues": [3]}, "queues[0]: must be an object"),
    "an unknown layout": ({"queues": [{"name": "q", "layout": "Celery"}]}, "queues[0].layout: 'Celery': this worker"),
    "no concurrency": (
        {"pool": {"concurrency": 0}, "queues": []},
        "pool.concurrency: 0 must be a number of at",
    ),
    "a concurrency in words": ({"pool": {"concurrency": "four"}}, "pool.concurrency: 'four' must be a number"),
    "a bool for a number": ({"pool": {"concurrency": True}}, "pool.concurrency: True must be a number"),
    "a text for a bool": ({"queues": [queue(paused="no")]}, "queues[0].paused: 'no' is not of type bool"),
    "no rate": ({"queues": [queue(rateLimit={"jobs": 0, "perSeconds": 1})]}, "queues[0].rateLimit.jobs: 0 must be"),
    "a rate without time": ({"queues": [queue(rateLimit={"jobs": 1})]}, "queues[0].rateLimit.perSeconds: required"),
    "a shrinking back-off": ({"queues": [queue(retry={"multiplier": 0.5})]}, "queues[0].retry.multiplier: 0.5"),
    "a priority of our keys": (
        {"queues": [queue(priorities=["rate"])]},
        "queues[0].priorities: 'rate' can't be",
    ),
    "a priority without a name": ({"queues": [queue(priorities=[""])]}, "queues[0].priorities: '' can't be"),
    "two queues of a name": ({"queues": [queue(), queue()]}, "queues: each name may appear once"),
}


@pytest.mark.parametrize(("content", "want"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_followed_names_the_field(content: Any, want: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config.parse(json.dumps(content))
    assert want in str(refused.value)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a": NaN'])
def test_text_that_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not JSON"):
        config.parse(text)


def test_a_missing_file_reads_as_empty_and_an_unreadable_one_as_unknown(tmp_path: Path) -> None:
    assert read(tmp_path / "none", 10) == ""
    assert read(tmp_path, 10) is None
    (tmp_path / "file").write_bytes(b"\xff" + b"x" * 100)
    assert read(tmp_path / "file", 3) == "\ufffdxx"


async def test_a_new_generation_is_followed_and_acknowledged(bench: Bench, start: StartWorker, tmp_path: Path) -> None:
    file = tmp_path / "queues.json"
    file.write_text(config_text([queue(url=bench.url, paused=True)], "g1"))
    await bench.push(job("j", ledger="ledger"))
    worker = await start(given={"config": str(file)})
    assert (await bench.state("Running"))["configGeneration"] == "g1"
    file.write_text(config_text([queue(url=bench.url)], "g2", concurrency=7))
    await _acknowledged(bench, "g2")
    await eventually("the job done", bench.done, lambda done: done == ["j"])
    assert worker.slots.concurrency == 7


async def test_a_file_that_cannot_be_followed_changes_nothing(bench: Bench, start: StartWorker, tmp_path: Path) -> None:
    file = tmp_path / "queues.json"
    file.write_text(config_text([queue(url=bench.url)], "g1"))
    await start(given={"config": str(file)})
    await bench.state("Running")
    twins = [queue("q", bench.url), queue("twin", bench.url, queueName="q")]
    for text in ("{", config_text([queue(layout="Celery")], "g2"), config_text(twins, "g2")):
        file.write_text(text)
        await bench.push(job(f"j{len(text)}", ledger="ledger"))
        await eventually("the job done", bench.done, lambda done, text=text: f"j{len(text)}" in done)  # type: ignore[misc]
        assert (await bench.state("Running"))["configGeneration"] == "g1"
    file.write_text(config_text([queue(url=bench.url)], "g3"))
    await _acknowledged(bench, "g3")


async def test_a_dropped_queue_is_left_once_its_jobs_have_ended(
    bench: Bench, start: StartWorker, tmp_path: Path
) -> None:
    file = tmp_path / "queues.json"
    other = Bench(bench.redis, bench.url, name="other")
    both = [queue(url=bench.url), queue("other", bench.url)]
    file.write_text(config_text(both, "g1", concurrency=1, max_in_flight=3))
    await start(given={"config": str(file)})
    await bench.state("Running")
    await bench.push(*(job(f"j{i}", seconds=0.7, ledger="ledger") for i in range(3)))
    await eventually("3 jobs here", bench.in_flight, lambda count: count == 3)
    file.write_text(config_text(both[1:], "g2"))
    await _acknowledged(other, "g2")
    await eventually("the queue left", bench.records, lambda records: not records)
    assert len(await bench.done()) == 1
    assert await bench.waiting() == 2
    assert await bench.in_flight() == 0


async def test_a_queue_that_moves_is_left_before_it_is_taken_up_again(
    bench: Bench, start: StartWorker, tmp_path: Path
) -> None:
    """Both forms of the queue use the same record, which says where the jobs in flight are."""
    file = tmp_path / "queues.json"
    file.write_text(config_text([queue(url=bench.url)], "g1"))
    await start(given={"config": str(file)})
    await bench.push(job("long", seconds=0.7, ledger="ledger"))
    await eventually("the job started", bench.events, lambda events: len(events) == 1)
    file.write_text(config_text([queue(url=bench.url, processingKey="elsewhere")], "g2"))
    await _acknowledged(bench, "g2")
    await bench.push(job("next", ledger="ledger"))
    done = await eventually("both done", bench.done, lambda done: len(done) == 2)
    assert done == ["long", "next"]
    [record] = (await bench.records()).values()
    assert record["inFlight"].startswith("elsewhere:")


async def test_a_new_retry_holds_for_the_next_failure(bench: Bench, start: StartWorker, tmp_path: Path) -> None:
    file = tmp_path / "queues.json"
    file.write_text(config_text([queue(url=bench.url)], "g1"))
    await start(given={"config": str(file)})
    await bench.state("Running")
    file.write_text(config_text([queue(url=bench.url, retry={**FAST_RETRY, "maxRetries": 0})], "g2"))
    await _acknowledged(bench, "g2")
    await bench.push(job("j", fail=9))
    [letter] = await eventually("a dead letter", bench.dead, lambda dead: len(dead) == 1)
    assert letter["attempts"] == 1


async def _acknowledged(bench: Bench, generation: str) -> None:
    def follows(records: Mapping[str, Any]) -> bool:
        return [record["configGeneration"] for record in records.values()] == [generation]

    await eventually(f"generation {generation}", bench.records, follows, seconds=3)
