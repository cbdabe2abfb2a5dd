"""Timeouts that contradict each other across layers: job, broker, drain, pod. All of them warnings.

Each layer works by itself, and together they deliver jobs twice or kill them; no layer can see that alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from crds import duration
from crds.findings import Finding, Reason
from policies import bounds, builtin, effective
from policies.decision import Action
from policies.fields import integer, text
from policies.rules.rule import POOLS, QUEUES, BuiltInRule
from policies.subject import Subject
from policies.timeouts import redelivery

ENDING: Final = ("Requeue", "Kill")
"""What a drain may do at its end that ends jobs, too."""
_DRAIN: Final = ("drain",)
DRAIN_TIMEOUT: Final = "spec.drain.timeout"
GRACE: Final = "spec.template.spec.terminationGracePeriodSeconds"


def job_and_broker(subject: Subject) -> Iterator[Finding]:
    longest, again = text(subject.spec, "maxJobDuration"), redelivery(subject.spec)
    length = bounds.seconds(longest)
    if again is not None and length is not None and length > again.seconds:
        then = f"running jobs get delivered twice; raise it in {again.where} and here"
        message = f"maxJobDuration {longest} > {again}: {then}"
        yield Finding("spec.maxJobDuration", Reason.INVALID, message)


def drain_and_broker(subject: Subject) -> Iterator[Finding]:
    """A drain waits for running jobs, so it must not wait for longer than the broker does."""
    for queue in subject.queues:
        again = redelivery(queue.spec)
        if again is None:
            continue
        timeout = subject.effective.get("drain.timeout")
        if (bounds.seconds(timeout) or 0.0) > again.seconds:
            message = f"drain.timeout {timeout} > {again} of queue {queue.name}: draining jobs may be delivered twice"
            yield Finding(DRAIN_TIMEOUT, Reason.INVALID, message)


def drain_and_job(subject: Subject) -> Iterator[Finding]:
    """Waiting is the default and harms nobody; to end jobs before their time has to be meant."""
    for queue in subject.queues:
        longest = bounds.seconds(queue.spec.get("maxJobDuration"))
        if longest is None:
            continue
        then = _on_timeout(subject)
        if then not in ENDING:
            return
        timeout = subject.effective.get("drain.timeout")
        if longest > (bounds.seconds(timeout) or 0.0):
            shorter = f"drain.timeout {timeout} < maxJobDuration {queue.spec['maxJobDuration']} of queue {queue.name}"
            yield Finding(DRAIN_TIMEOUT, Reason.INVALID, f"{shorter}: {then} ends such jobs")


def _on_timeout(subject: Subject) -> Any:
    """The pool's own word is read without working out everything it inherits."""
    own = text(subject.spec, "drain", "onTimeout")
    if own or not effective.layers(subject.policies, _DRAIN):
        return own or builtin.POOL["drain"]["onTimeout"]
    return subject.effective.get("drain.onTimeout")


def drain_and_grace(subject: Subject) -> Iterator[Finding]:
    grace = integer(subject.spec, "template", "spec", "terminationGracePeriodSeconds")
    if grace is None:
        return
    length = bounds.seconds(subject.effective.get("drain.timeout")) or 0.0
    if grace < length:
        longer = f"drain.timeout {duration.text(length)}"
        message = f"terminationGracePeriodSeconds {grace} < {longer}: jobs on a node that goes get the shorter"
        yield Finding(GRACE, Reason.INVALID, message)


RULES: Final = (
    BuiltInRule(
        id="jobLongerThanBroker",
        needs="maxJobDuration",
        kinds=QUEUES,
        sentence="The longest job ends before the broker gives it to another worker: Celery's visibility timeout, "
        "RabbitMQ's consumer timeout.",
        check=job_and_broker,
        action=Action.WARN,
    ),
    BuiltInRule(
        id="drainLongerThanBroker",
        needs="queues",
        kinds=POOLS,
        sentence="A drain ends before the broker gives the jobs that are waited for to another worker.",
        check=drain_and_broker,
        action=Action.WARN,
        timely=True,
    ),
    BuiltInRule(
        id="drainShorterThanJob",
        needs="queues",
        kinds=POOLS,
        sentence="Where drain.onTimeout is Requeue or Kill, drain.timeout leaves the longest job its time.",
        check=drain_and_job,
        action=Action.WARN,
        timely=True,
    ),
    BuiltInRule(
        id="graceShorterThanDrain",
        needs="template",
        kinds=POOLS,
        sentence="A pod template's terminationGracePeriodSeconds is not shorter than drain.timeout.",
        check=drain_and_grace,
        action=Action.WARN,
    ),
)
