"""The drain latch against jobs that arrive at the same moment, on a network that works and on one that doesn't."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from headgate_worker import admin, connection
from headgate_worker.handlers import Run
from headgate_worker.recovery import Patience
from headgate_worker.routes import Routes
from headgate_worker.worker import Worker

from tests.examples.worker.bench import Bench
from tests.examples.worker.building import job, queue
from tests.examples.worker.conftest import StartWorker
from tests.examples.worker.proxy import Fate, proxied
from tests.waiting import eventually

INTERLEAVINGS = 500


async def test_nothing_is_taken_once_the_broker_has_seen_drained(either: Bench, start: StartWorker) -> None:
    """Jobs are pushed around the moment of the request; what isn't taken by then stays where it is."""
    random = Random(7)  # a race that can be run again
    runs: Counter[str] = Counter()

    async def note(body: Mapping[str, Any], _: Run) -> None:
        runs[body["id"]] += 1
        await asyncio.sleep(0.001 * random.random())

    worker = await start(queue(url=either.url, layout=either.layout), handler=note, concurrency=2, max_in_flight=4)
    await either.state("Running")
    pushed = 0

    async def push_some() -> None:
        nonlocal pushed
        for _ in range(random.randrange(4)):
            await asyncio.sleep(0.002 * random.random())
            await either.push(job(f"j{pushed}"))
            pushed += 1

    for _ in range(INTERLEAVINGS):
        pushing = asyncio.create_task(push_some())
        await asyncio.sleep(0.004 * random.random())
        worker.latch.request("test", "race")
        await either.state("Drained")
        started = sum(runs.values())
        assert await either.in_flight() == 0
        await pushing
        await either.push(job(f"j{pushed}"))
        pushed += 1
        assert await either.in_flight() == 0
        assert await either.waiting() == pushed - started
        assert sum(runs.values()) == started, "a job was started behind the latch"
        worker.latch.withdraw("test")
        await either.state("Running")
    await eventually("all jobs run", _sum(runs), lambda total: total == pushed)
    assert set(runs.values()) == {1}


async def test_no_job_is_lost_or_hidden_when_answers_are(either: Bench, start: StartWorker) -> None:
    """Requests and answers get lost, and requests are delivered late, while the latch closes and opens."""
    random = Random(11)  # a race that can be run again
    runs: Counter[str] = Counter()

    def decide(_: bytes) -> Fate:
        return random.choices(list(Fate), weights=(90, 3, 4, 3))[0]

    async def note(body: Mapping[str, Any], _: Run) -> None:
        runs[body["id"]] += 1

    jobs = 250
    async with proxied(either.url, decide, late=0.25) as proxy:
        worker = await start(queue(url=proxy.url, layout=either.layout), handler=note, concurrency=2, max_in_flight=4)
        for number in range(jobs):
            await either.push(job(f"j{number}"))
            if number % 20 == 19:
                worker.latch.request("test", "race")
                await either.state("Drained", seconds=20)
                started = sum(runs.values())
                assert await either.in_flight() == 0
                # Longer than a request can be late.
                await asyncio.sleep(1.2 * proxy.late)
                assert await either.in_flight() == 0
                assert sum(runs.values()) == started, "a job was started behind the latch"
                worker.latch.withdraw("test")
        # From here on no drain makes the worker look for jobs that a late take may have brought it.
        await either.push(*(job(f"j{number}") for number in range(jobs, 2 * jobs)))
        await eventually("all jobs run", _sum(runs), lambda total: total >= 2 * jobs, seconds=60)
        proxy.decide = lambda _: Fate.DELIVER
        worker.terminate()
        await eventually("the worker gone", either.records, lambda records: not records)
        assert await either.in_flight() == await either.waiting() == 0
        assert min(proxy.fates.values()) > 0, proxy.fates
    assert set(runs) == {f"j{number}" for number in range(2 * jobs)}
    assert set(runs.values()) == {1}, "nobody crashed, so nothing may run twice"


async def test_a_running_job_ends_before_the_worker_is_drained(bench: Bench, start: StartWorker) -> None:
    await bench.push(job("j", seconds=0.3, ledger="ledger"))
    worker = await start(queue(url=bench.url))
    await eventually("the job started", bench.events, lambda events: events == [("started", "j")])
    worker.latch.request("test", "now")
    record = await bench.state("Draining")
    assert record["running"] == 1
    await bench.state("Drained")
    assert await bench.done() == ["j"]


async def test_held_jobs_go_back_in_their_order(bench: Bench, start: StartWorker) -> None:
    await bench.push(*(job(f"j{i}", seconds=0.2, ledger="ledger") for i in range(6)))
    worker = await start(queue(url=bench.url), concurrency=1, max_in_flight=4)
    await eventually("4 jobs here", bench.in_flight, lambda count: count == 4)
    worker.latch.request("test", "now")
    await bench.state("Drained")
    waiting = await bench.command("LRANGE", "q", 0, -1)
    assert [json.loads(raw)["id"] for raw in reversed(waiting)] == ["j1", "j2", "j3", "j4", "j5"]
    assert all("attempts" not in json.loads(raw) for raw in waiting)


async def test_a_job_given_back_gives_back_its_token(bench: Bench, start: StartWorker) -> None:
    limit = {"jobs": 1, "perSeconds": 3600.0, "burst": 3}
    release = asyncio.Event()

    async def hold(_: Mapping[str, Any], __: Run) -> None:
        await release.wait()

    await bench.push(*(job(f"j{i}") for i in range(3)))
    worker = await start(queue(url=bench.url, rateLimit=limit), handler=hold, concurrency=3)
    await eventually("3 jobs here", bench.in_flight, lambda count: count == 3)
    [source] = worker.sources.all()
    entry = worker.slots.entries(source)[0]
    assert await source.give_back(entry)
    assert float(await bench.command("HGET", "q:rate", "tokens")) == pytest.approx(1, abs=0.1)
    release.set()


async def test_a_worker_held_up_by_a_slow_broker_is_not_drained_by_its_own_account(
    bench: Bench, start: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to a take gets lost together with its jobs: they are found, run, and only then is it drained."""
    monkeypatch.setattr(connection, "SOCKET_SECONDS", 0.5)
    lose = False
    runs: list[str] = []

    async def note(body: Mapping[str, Any], _: Run) -> None:
        runs.append(body["id"])

    def decide(request: bytes) -> Fate:
        nonlocal lose
        if lose and b"lua" not in request and b"EVALSHA" in request and b'"state"' not in request:
            lose = False
            return Fate.LOSE_ANSWER
        return Fate.DELIVER

    async with proxied(bench.url, decide) as proxy:
        worker = await start(queue(url=proxy.url), handler=note)
        await bench.state("Running")
        lose = True
        await bench.push(job("j"))
        await eventually("the fetch lost", _fate(proxy.fates, Fate.LOSE_ANSWER), lambda count: count == 1)
        worker.latch.request("test", "now")
        await bench.state("Drained")
        assert await bench.in_flight() == 0
        assert len(runs) + await bench.waiting() == 1
        worker.terminate()
        await eventually("the worker gone", bench.records, lambda records: not records)


async def test_found_jobs_there_is_no_room_for_go_back(bench: Bench, start: StartWorker) -> None:
    release = asyncio.Event()

    async def hold(_: Mapping[str, Any], __: Run) -> None:
        await release.wait()

    await bench.push(job("running"))
    worker = await start(queue(url=bench.url), handler=hold, concurrency=1)
    await eventually("the job here", bench.in_flight, lambda count: count == 1)
    await bench.command("LPUSH", f"q:processing:{worker.instance}", job("a"), job("b"))
    [source] = worker.sources.all()
    source.unsure = True
    worker.look_again()
    await eventually("the others back", bench.waiting, lambda count: count == 2)
    assert await bench.in_flight() == 1
    release.set()


async def test_the_request_file_closes_and_opens_the_latch_as_kubelet_writes_it(
    bench: Bench, start: StartWorker, tmp_path: Path
) -> None:
    _kubelet_writes(tmp_path, 0, "")
    await start(queue(url=bench.url), given={"drain_request": str(tmp_path / "drain")})
    await bench.state("Running")
    for generation in (1, 3):
        _kubelet_writes(tmp_path, generation, "scale-down/2026-11-23T10:00:00Z")
        await bench.state("Drained", seconds=1)
        _kubelet_writes(tmp_path, generation + 1, "")
        await bench.state("Running", seconds=1)


async def test_a_request_made_twice_is_withdrawn_twice(bench: Bench, start: StartWorker, tmp_path: Path) -> None:
    request = tmp_path / "drain"
    request.write_text("scale-down/2026-11-23T10:00:00Z")
    worker = await start(queue(url=bench.url), given={"drain_request": str(request)})
    worker.latch.request("http", "by hand")
    await bench.state("Drained")
    worker.latch.withdraw("http")
    request.write_text("")
    await bench.state("Running")


async def test_the_http_side_drains_and_releases(bench: Bench, start: StartWorker) -> None:
    worker = await start(queue(url=bench.url))
    async with await admin.listen(0, Routes(worker).handle) as server:
        [port] = [end.getsockname()[1] for end in server.sockets if end.family is socket.AF_INET]
        address = f"http://127.0.0.1:{port}"
        await bench.state("Running")
        assert (await _http(f"{address}/ready"))[0] == 200
        status, record = await _http(f"{address}/drain", "POST", b'{"reason": "node"}')
        assert (status, record["state"]) == (200, "Draining")
        await bench.state("Drained")
        record = (await _http(f"{address}/status"))[1]
        assert record["state"] == "Drained"
        assert record["time"] == pytest.approx((await bench.state("Drained"))["time"], abs=2)
        assert (await _http(f"{address}/drain", "DELETE"))[1]["state"] == "Running"
        await bench.state("Running")


async def test_a_drained_worker_recovers_nobody(bench: Bench, start: StartWorker) -> None:
    patience = Patience(dead=1.0, heard=0.0, every=0.05)
    worker = await start(queue(url=bench.url), patience=patience)
    await bench.state("Running")
    worker.latch.request("test", "now")
    await bench.state("Drained")
    await bench.command("LPUSH", "q:processing:gone.1", job("j", ledger="ledger"))
    await bench.command("HSET", "q:workers", "gone.1", '{"time": 1}')
    assert "gone.1" in await _after_looks(bench, worker)
    worker.latch.withdraw("test")
    await eventually("the job done", bench.done, lambda done: done == ["j"])
    assert "gone.1" not in await bench.records()


async def _after_looks(bench: Bench, worker: Worker) -> Mapping[str, Any]:
    """The records some status writes later, which is many times longer than recovery waits between looks."""
    [source] = worker.sources.all()
    assert source.published is not None
    wanted = source.published["seq"] + 2

    async def seq() -> int:
        assert source.published is not None
        return int(source.published["seq"])

    await eventually("two more status records", seq, lambda number: number >= wanted)
    return await bench.records()


def _kubelet_writes(folder: Path, generation: int, text: str) -> None:
    """Replaces the file as the kubelet does: a new folder, and a symlink turned to it in one step."""
    data = folder / f"..{generation}"
    data.mkdir()
    (data / "drain").write_text(text)
    (folder / "..data_tmp").symlink_to(data.name)
    (folder / "..data_tmp").rename(folder / "..data")
    if not (folder / "drain").is_symlink():
        (folder / "drain").symlink_to("..data/drain")


async def _http(url: str, method: str = "GET", body: bytes | None = None) -> tuple[int, Any]:
    def ask() -> tuple[int, Any]:
        request = urllib.request.Request(url, data=body, method=method)  # noqa: S310  # loopback
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  # loopback
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    return await asyncio.to_thread(ask)


def _sum(runs: Counter[str]) -> Any:
    async def total() -> int:
        return sum(runs.values())

    return total


def _fate(fates: Mapping[Fate, int], fate: Fate) -> Any:
    async def count() -> int:
        return fates[fate]

    return count
