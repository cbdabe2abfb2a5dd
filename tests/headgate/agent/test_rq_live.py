"""RQ's own worker under `headgate-wait`: it leaves by its warm stop, is proved by having ended, and starts again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.headgate.agent.conftest import MakePod
from tests.headgate.agent.pods import Pod

ENQUEUE = """
import os, redis, rq
queue = rq.Queue("orders", connection=redis.Redis.from_url(os.environ["BROKER"]))
for _ in range(30):
    queue.enqueue("rq_tasks.work", 1)
"""


@pytest.fixture
def pod(make_pod: MakePod, programs: Path) -> Pod:
    made = make_pod("RQ")
    producer = made.start(programs / "python", "-c", ENQUEUE)
    assert producer.wait(60) == 0
    made.processes.remove(producer)
    if producer.stderr is not None:
        producer.stderr.close()
    made.start_agent()
    made.until_installed()
    made.start(made.folder / "run" / "headgate-wait", "--", programs / "rq", "worker", "orders", "--url", made.url)
    return made


def test_a_busy_worker_is_drained_when_its_job_is_done_and_starts_again_when_called_back(pod: Pod) -> None:
    pod.until_counted("begun", 1)
    pod.until_says("Running", running=1)
    pod.ask(drain=True)
    drained = pod.until_says("Drained", running=0)
    begun = pod.count("begun")
    assert begun == pod.count("done"), "no job was cut off"
    assert pod.broker.llen("rq:queue:orders"), "there was work left that it could have taken"
    assert pod.processes[-1].poll() is None, "the container lives on, or the kubelet would start it again"
    assert drained.time > 0
    pod.ask(drain=False)
    pod.until_counted("begun", begun + 1)
    pod.until_says("Running", fetching=1)
