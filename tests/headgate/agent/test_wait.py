"""`headgate-wait` with real processes: what it does on a drain request, on SIGTERM, and when its worker ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headgate.agent import building
from tests.cluster.waiting import until

SHELLS = [name for name in ("dash", "bash", "busybox") if shutil.which(name)]
WORKER = """
import signal, sys, time, pathlib
log = pathlib.Path(sys.argv[1])
say = lambda word: log.open("a").write(word + "\\n")
stop = lambda number, frame: (say(signal.Signals(number).name), time.sleep(0.7), say("finished"), sys.exit(0))
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
say("started")
time.sleep(60)
"""


class Pod:
    """A worker under the script, with its files."""

    def __init__(self, folder: Path, shell: str) -> None:
        self.request, self.run, self.log = folder / "drain", folder / "run", folder / "log"
        self.run.mkdir()
        building.install(self.run)
        self.shell = ["busybox", "sh"] if shell == "busybox" else [shell]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str, worker: str = WORKER) -> None:
        command = [*self.shell, str(self.run / "headgate-wait"), *options, sys.executable, "-c", worker, str(self.log)]
        environment = os.environ | {"HEADGATE_RUN": str(self.run), "HEADGATE_DRAIN_REQUEST": str(self.request)}
        self.process = subprocess.Popen(command, env=environment)

    def until_says(self, *want: str) -> None:
        def said() -> str | None:
            words = tuple(self.log.read_text().split()) if self.log.exists() else ()
            return None if words == want else f"{words}"

        until(f"the worker says {want}", said, 10)

    def until_state(self, want: str) -> None:
        def told() -> str | None:
            state = (self.run / "state").read_text() if (self.run / "state").exists() else ""
            return None if state.endswith(f" {want}\n") else state

        until(f"the state is {want}", told, 10)

    def ended(self) -> int:
        assert self.process is not None
        return self.process.wait(10)


@pytest.fixture
def shell() -> str:
    return "sh"


@pytest.fixture
def pod(shell: str, tmp_path: Path) -> Iterator[Pod]:
    made = Pod(tmp_path, shell)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait(10)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_request_ends_the_worker_and_not_the_container(pod: Pod) -> None:
    pod.start()
    pod.until_says("started")
    pod.until_state("running")
    pod.request.write_text("ScaleDown/2027-01-15T08:00:00Z")
    pod.until_says("started", "SIGTERM", "finished")
    pod.until_state("stopped")
    assert pod.process is not None
    assert pod.process.poll() is None
    pod.request.write_text("")
    pod.until_says("started", "SIGTERM", "finished", "started")
    pod.until_state("running")


def test_the_state_beats_while_the_worker_rests(pod: Pod) -> None:
    pod.request.write_text("Delete/2027-01-15T08:00:00Z")
    pod.start()
    pod.until_state("stopped")
    before = (pod.run / "state").read_text()
    until("another beat", lambda: None if (pod.run / "state").read_text() != before else before, 5)
    assert not pod.log.exists(), "a worker that starts asked takes no job at all"


def test_sigterm_is_passed_on_once_and_waited_for(pod: Pod) -> None:
    pod.start("--")
    pod.until_says("started")
    assert pod.process is not None
    pod.process.send_signal(signal.SIGTERM)
    pod.until_says("started", "SIGTERM")
    pod.process.send_signal(signal.SIGTERM)
    assert pod.ended() == 0
    pod.until_says("started", "SIGTERM", "finished")


def test_another_signal_for_libraries_that_want_it(pod: Pod) -> None:
    pod.start("--signal", "SIGINT", "--")
    pod.until_says("started")
    pod.request.write_text("User/2027-01-15T08:00:00Z")
    pod.until_says("started", "SIGINT", "finished")


def test_a_worker_that_ends_by_itself_ends_the_container_with_its_code(pod: Pod) -> None:
    pod.start(worker="import sys; sys.exit(7)")
    assert pod.ended() == 7


@pytest.fixture
def hook(pod: Pod) -> Callable[..., subprocess.Popen[bytes]]:
    def started(*seconds: str) -> subprocess.Popen[bytes]:
        command = [*pod.shell, str(pod.run / "headgate-wait"), "--pre-stop", *seconds]
        environment = {"HEADGATE_RUN": str(pod.run), "HEADGATE_DRAIN_REQUEST": str(pod.request)}
        pod.process = subprocess.Popen(command, env=os.environ | environment)
        return pod.process

    return started


@pytest.mark.parametrize("shell", SHELLS)
def test_the_hook_waits_for_the_agents_word(pod: Pod, hook: Callable[..., subprocess.Popen[bytes]]) -> None:
    (pod.run / "agent").write_text("Draining\n")
    process = hook()
    until("it has asked", lambda: None if (pod.run / "stop").exists() else "no file", 5)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.2)
    (pod.run / "agent").write_text("Drained\n")
    assert process.wait(5) == 0


@pytest.mark.parametrize("shell", SHELLS)
def test_the_hook_leaves_a_busy_worker_the_rest_of_its_grace_period(
    pod: Pod, hook: Callable[..., subprocess.Popen[bytes]]
) -> None:
    (pod.run / "agent").write_text("Draining\n")
    assert hook("2").wait(8) == 0
    assert (pod.run / "stop").exists(), "the agent was asked"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_hook_of_a_drain_that_was_given_up_waits_no_more(
    pod: Pod, hook: Callable[..., subprocess.Popen[bytes]]
) -> None:
    (pod.run / "agent").write_text("Draining\n")
    (pod.request.parent / "drained").write_text("true")
    process = hook()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.2)
    (pod.request.parent / "drained").write_text("timeout")
    assert process.wait(5) == 0
