"""The agent with real Celery workers on a real Redis: asked over their control channel, quieted, proved, woken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.waiting import until
from tests.headgate.agent.conftest import MakePod
from tests.headgate.agent.jobs import celery_job
from tests.headgate.agent.pods import Pod

OLD_SECONDS = 8.0
"""More than a glance and a round: nothing is written any more."""


@pytest.fixture
def pod(make_pod: MakePod, programs: Path) -> Pod:
    made = make_pod("Celery")
    made.start(programs / "celery", "-A", "celery_tasks", "worker", "--concurrency=2", "--loglevel=WARNING")
    made.start_agent()
    return made


def send(pod: Pod, jobs: int = 1, due_in: float | None = None) -> None:
    for _ in range(jobs):
        pod.broker.lpush("orders", celery_job("celery_tasks.work", 1, due_in=due_in))


def test_a_busy_worker_is_drained_when_its_jobs_are_done_and_goes_on_when_called_back(pod: Pod) -> None:
    send(pod, jobs=40)
    pod.until_counted("begun", 2)
    pod.until_says("Running", running=2, fetching=1)
    pod.ask(drain=True)
    drained = pod.until_says("Drained", running=0, held=0, fetching=0)
    begun = pod.count("begun")
    assert begun == pod.count("done"), "no job was running when the worker was called drained"
    assert pod.broker.llen("orders"), "there was work left that it could have taken"
    assert drained.completed == begun
    later = pod.until_says("Drained")
    assert later.time >= drained.time
    assert pod.count("begun") == begun, "the latch holds"
    pod.ask(drain=False)
    pod.until_counted("begun", begun + 1)
    pod.until_says("Running", fetching=1)


def test_a_task_that_is_due_soon_is_waited_for_and_one_that_is_due_in_an_hour_is_not(pod: Pod) -> None:
    send(pod, due_in=3600)
    send(pod, due_in=25)
    pod.until_says("Running", held=1)
    pod.ask(drain=True)
    pod.until_says("Draining", held=1)
    pod.until_says("Drained", held=0)
    assert pod.count("done") == 1


def test_nobody_speaks_for_a_worker_that_does_not_answer_and_an_agent_that_leaves_leaves_nothing(pod: Pod) -> None:
    pod.until_says("Running")
    worker, agent = pod.processes
    worker.terminate()
    worker.wait(60)
    pod.ask(drain=True)
    until("its last record grows old", lambda: None if pod.age_of_record() > OLD_SECONDS else "it is fresh", 60)
    agent.terminate()
    assert agent.wait(30) == 0
    assert not pod.broker.exists("orders:workers")
    bindings = pod.broker.smembers("_kombu.binding.reply.celery.pidbox")
    assert not [one for one in bindings if b"headgate." in one]
