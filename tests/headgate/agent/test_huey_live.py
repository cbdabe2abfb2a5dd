"""Huey under `headgate-wait --signal INT`: a library that nobody speaks to, and that drops its jobs on SIGTERM."""

from __future__ import annotations

from pathlib import Path

from tests.headgate.agent.conftest import MakePod


def test_a_busy_worker_ends_its_jobs_and_is_proved_by_having_ended(make_pod: MakePod, programs: Path) -> None:
    pod = make_pod("List")
    producer = pod.start(programs / "python", "-c", "from huey_tasks import work\nfor _ in range(30): work(2)")
    assert producer.wait(60) == 0
    pod.start_agent()
    pod.until_installed()
    consumer = (programs / "huey_consumer", "huey_tasks.huey", "--workers=2")
    pod.start(pod.folder / "run" / "headgate-wait", "--signal", "INT", "--", *consumer)
    pod.until_counted("begun", 2)
    pod.until_says("Running", running=1)
    pod.ask(drain=True)
    pod.until_says("Drained", running=0)
    begun = pod.count("begun")
    assert begun == pod.count("done"), "no job was cut off"
    assert begun < 30, "there was work left that it could have taken"
    assert pod.processes[-1].poll() is None, "the container lives on"
