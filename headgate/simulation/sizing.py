"""From the number of replicas that a law wants to the pods that a pool has: who goes, and who is started."""

from __future__ import annotations

from math import ceil

from headgate.simulation.crew import Crew
from headgate.simulation.laws import Law
from headgate.simulation.line import Pod
from headgate.simulation.settings import Trouble


def carry_out(crew: Crew, wanted: int, law: Law, trouble: Trouble) -> None:
    """Removes and starts pods. The new revision gets what room the surge leaves it, and an old pod goes for each of its
    pods that is ready.
    """
    serving = crew.serving
    old = [pod for pod in serving if pod.revision != crew.revision]
    new = [pod for pod in serving if pod.revision == crew.revision]
    if not old:
        _size(crew, new, wanted, law)
        return
    most = wanted + ceil(trouble.surge * wanted)
    keep = max(0, wanted - sum(pod.ready for pod in new))
    _remove(crew, old, len(old) - keep, law)
    _size(crew, new, min(wanted, max(len(new), most - len(crew.pods) + len(new))), law)


def _size(crew: Crew, serving: list[Pod], wanted: int, law: Law) -> None:
    if len(serving) > wanted:
        _remove(crew, serving, len(serving) - wanted, law)
        return
    missing = wanted - len(serving)
    if law.drains and missing:
        returning = [pod for pod in crew.pods if pod.leaving and pod.revision == crew.revision][:missing]
        for pod in returning:
            crew.resume(pod)
        missing -= len(returning)
    crew.start(missing)


def _remove(crew: Crew, pods: list[Pod], number: int, law: Law) -> None:
    if number <= 0:
        return
    if law.drains:
        for pod in sorted(pods, key=lambda pod: (len(pod.jobs), pod.ready, -pod.created))[:number]:
            crew.drain(pod)
    else:
        for pod in sorted(pods, key=lambda pod: (pod.ready, -pod.created))[:number]:
            crew.kill(pod)
