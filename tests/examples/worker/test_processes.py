"""The worker as a process: signals, exit codes, what it prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.cluster import redis as redis_servers
from tests.cluster.state import State
from tests.examples.worker.bench import Bench
from tests.examples.worker.building import config_text, job, queue
from tests.examples.worker.conftest import StartProcess
from tests.waiting import eventually

PASSWORD = "pa55-word-in-a-file"


async def test_sigterm_lets_running_jobs_end_and_gives_back_the_rest(
    either: Bench, start_process: StartProcess
) -> None:
    await either.push(*(job(f"j{i}", seconds=0.5, ledger="ledger") for i in range(8)))
    flags = ("--redis", either.url, "--queues", "q", "--layout", either.layout)
    worker = start_process(*flags, "--concurrency", "2", "--max-in-flight", "5")
    await eventually("5 jobs here", either.in_flight, lambda count: count == 5)
    await eventually("2 jobs started", either.events, lambda events: len(events) == 2)
    worker.terminate()
    await either.state("Draining")
    worker.terminate()
    assert worker.wait() == 0
    assert len(await either.done()) == 2
    assert await either.waiting() == 6
    assert await either.in_flight() == 0
    assert await either.records() == {}


async def test_an_idle_worker_leaves_at_once(bench: Bench, start_process: StartProcess) -> None:
    worker = start_process("--redis", bench.url, "--queues", "q")
    await bench.state("Running")
    worker.terminate()
    assert worker.wait(5) == 0


async def test_sigterm_without_configuration_or_broker_ends_the_worker(
    start_process: StartProcess, tmp_path: Path
) -> None:
    started = [start_process("--config", str(tmp_path / "none")), start_process("--redis", "redis://127.0.0.1:1/0")]
    for worker in started:
        await eventually("the worker at work", lambda worker=worker: _output(worker), lambda text: "starts" in text)  # type: ignore[misc]
        worker.terminate()
    assert [worker.wait() for worker in started] == [0, 0]


@pytest.mark.parametrize(
    ("flags", "want"),
    [
        pytest.param(("--handler", "no_such_module:run"), "handler 'no_such_module:run'", id="no such module"),
        pytest.param(("--handler", "json:nothing"), "handler 'json:nothing'", id="no such function"),
        pytest.param(("--handler", "json:__name__"), "not a function", id="no function"),
        pytest.param(("--log-level", "LOUD"), "log level 'LOUD'", id="no such log level"),
        pytest.param(("--redis", "http://x", "--queues", "q"), "must be redis://", id="no Redis"),
        pytest.param(("--redis", "redis://x:port", "--queues", "q"), "port or database", id="no port"),
        pytest.param(("--redis", "redis://x", "--queues", "q", "--layout", "Kafka"), "'Kafka'", id="no layout we read"),
        pytest.param(("--redis", "redis://x", "--queues", "q,q"), "each name may appear once", id="a queue twice"),
    ],
)
def test_what_cannot_be_started_says_why_in_one_line(
    start_process: StartProcess, flags: tuple[str, ...], want: str
) -> None:
    worker = start_process(*flags)
    assert worker.wait() == 2
    assert want in worker.output()
    assert "Traceback" not in worker.output()


async def test_a_password_is_read_again_at_each_connection_and_never_printed(
    servers: State, start_process: StartProcess, tmp_path: Path
) -> None:
    secret = tmp_path / "broker" / "q"
    secret.mkdir(parents=True)
    config = tmp_path / "queues.json"
    with redis_servers.running(servers, password=PASSWORD) as server:
        address = f"redis://{server.address}:{server.port}/0"
        (secret / "password").write_text("wrong-" + PASSWORD)
        config.write_text(config_text([queue(url=address, credentials=str(secret))]))
        worker = start_process("--config", str(config), "--log-level", "DEBUG")
        async with Redis.from_url(server.url, protocol=2) as client:
            bench = Bench(client, server.url)
            await eventually("a refusal", lambda: _output(worker), lambda text: "invalid username-password" in text)
            (secret / "password").write_text(PASSWORD + "\n")
            await bench.push(job("j", ledger="ledger"))
            await eventually("the job done", bench.done, lambda done: done == ["j"])
    assert PASSWORD not in worker.output()


async def test_a_secret_may_say_where_the_broker_is(bench: Bench, start_process: StartProcess, tmp_path: Path) -> None:
    config = tmp_path / "queues.json"
    config.write_text(config_text([queue(url="", credentials=str(tmp_path / "secret"))]))
    worker = start_process("--config", str(config))
    await eventually("a complaint", lambda: _output(worker), lambda text: "says where the broker is" in text)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "url").write_text(bench.url)
    await bench.push(job("j", ledger="ledger"))
    await eventually("the job done", bench.done, lambda done: done == ["j"])


async def test_a_new_process_is_a_new_instance(bench: Bench, start_process: StartProcess) -> None:
    for _ in range(2):
        start_process("--redis", bench.url, "--queues", "q", HEADGATE_POD="pod-a", HEADGATE_POD_UID="u-1")
    records = await eventually("two records", bench.records, lambda found: len(found) == 2)
    for instance, record in records.items():
        pod, _, digits = instance.rpartition(".")
        assert (pod, len(digits), int(digits, 16) >= 0) == ("pod-a", 8, True)
        assert (record["instance"], record["pod"], record["podUID"]) == (instance, "pod-a", "u-1")


async def test_a_defect_ends_the_process_and_loses_no_job(bench: Bench, start_process: StartProcess) -> None:
    """A worker with one dead loop would look alive."""
    await bench.push(job("j"))
    worker = start_process("--redis", bench.url, "--queues", "q", "--handler", "tests.examples.worker.defect:handle")
    assert worker.wait() == 1
    assert "a defect in the worker" in worker.output()
    [raw] = await bench.command("LRANGE", "q:processing:" + next(iter(await bench.records())), 0, -1)
    assert json.loads(raw)["id"] == "j"


async def _output(worker: object) -> str:
    return str(worker.output())  # type: ignore[attr-defined]
