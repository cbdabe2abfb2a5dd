"""What a WorkerPool says of its workers that does not come out as it reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from crds.findings import Finding, Reason
from policies import bounds
from policies.decision import Action
from policies.fields import items, mapping, text
from policies.moments import moment
from policies.resources import WORKER
from policies.rules.rule import OBJECT_AND_SCALE, POOLS, BuiltInRule
from policies.subject import Subject

AUTOSCALERS: Final = frozenset(
    {"system:serviceaccount:kube-system:horizontal-pod-autoscaler", "system:kube-controller-manager"}
)
"""Who writes /scale for a HorizontalPodAutoscaler, KEDA's included; the second where controllers share an identity."""
SCALE: Final = frozenset({"scale"})
VERSION: Final = "app.kubernetes.io/version"
CLAIMS: Final = ("app.kubernetes.io/instance", "argocd.argoproj.io/")
"""Labels by which GitOps tools claim objects: they are left off the children, which would be pruned otherwise."""


def version(subject: Subject) -> Iterator[Finding]:
    said = text(subject.spec, "version")
    if not said:
        return
    label = mapping(subject.spec, "template", "metadata", "labels").get(VERSION, said)
    if label != said:
        message = f"version {said} has no effect: the template's label {VERSION} says {label}"
        yield Finding("spec.version", Reason.INVALID, message)
        return
    tag = image_tag(_image(subject))
    if tag and said != tag:
        message = f"version {said} is not the image's tag {tag}: dashboards and rollouts will show {said}"
        yield Finding("spec.version", Reason.INVALID, message)


def claiming_labels(subject: Subject) -> Iterator[Finding]:
    for key in mapping(subject.spec, "template", "metadata", "labels"):
        if key.startswith(CLAIMS):
            message = "kept off the workers, which a GitOps tool would prune"
            yield Finding(f"spec.template.metadata.labels[{key}]", Reason.INVALID, message)


def expired_hold(subject: Subject) -> Iterator[Finding]:
    until = text(subject.spec, "hold", "until")
    ends = moment(until) if until else None
    if ends is not None and ends <= subject.facts.now:
        yield Finding("spec.hold.until", Reason.INVALID, f"is over since {until}, so the pool scales by itself")


def surge_of_a_set(subject: Subject) -> Iterator[Finding]:
    """A StatefulSet has no place for a pod beside the one that it replaces."""
    if text(subject.spec, "workload", "type") != "StatefulSet":
        return
    rollout = mapping(subject.spec, "rollout")
    surge, missing = rollout.get("maxSurge"), rollout.get("maxUnavailable")
    if bounds.is_zero(missing):
        message = f"maxUnavailable {missing} has no effect: a StatefulSet replaces one worker at a time, at least"
        yield Finding("spec.rollout.maxUnavailable", Reason.INVALID, message)
    if surge is not None:
        message = "a StatefulSet has none: maxUnavailable, at least 1, says how many are replaced at a time"
        yield Finding("spec.rollout.maxSurge", Reason.INVALID, message, surge)


def taken_over_twice(subject: Subject) -> Iterator[Finding]:
    name = text(subject.spec, "takeOver", "deploymentName")
    if not name:
        return
    for pool in subject.snapshot.pools(subject.namespace).values():
        if pool.name != subject.name and text(pool.spec, "takeOver", "deploymentName") == name:
            message = f"WorkerPool {pool.name} takes this Deployment over; two would scale it against each other"
            yield Finding("spec.takeOver.deploymentName", Reason.DUPLICATE, message, name)
            return


def second_autoscaler(subject: Subject) -> Iterator[Finding]:
    """A HorizontalPodAutoscaler would write a hold at every look, and so end the pool's own scaling for good."""
    if subject.facts.user.name in AUTOSCALERS:
        message = "a HorizontalPodAutoscaler or ScaledObject scales this pool, which scales itself: delete it"
        yield Finding("spec.hold.replicas", Reason.FORBIDDEN, message)


def image_tag(image: str) -> str:
    """The tag of an image; empty for none."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


def _image(subject: Subject) -> str:
    containers = (item for _, item in items(subject.spec, "template", "spec", "containers"))
    worker = next((item for item in containers if text(item, "name") == WORKER), {})
    return text(subject.spec, "image") or text(worker, "image")


RULES: Final = (
    BuiltInRule(
        id="versionAgainstTag",
        needs="version",
        kinds=POOLS,
        sentence="A WorkerPool's version is its image's tag, where there is one.",
        check=version,
        action=Action.WARN,
    ),
    BuiltInRule(
        id="claimingLabels",
        needs="template",
        kinds=POOLS,
        sentence="The pod template carries no label by which a GitOps tool claims objects.",
        check=claiming_labels,
        action=Action.WARN,
    ),
    BuiltInRule(
        id="expiredHold",
        needs="hold",
        kinds=POOLS,
        subresources=OBJECT_AND_SCALE,
        sentence="A hold ends in the future.",
        check=expired_hold,
        action=Action.WARN,
        timely=True,
    ),
    BuiltInRule(
        id="surgeOfAStatefulSet",
        needs="workload",
        kinds=POOLS,
        sentence="A WorkerPool that runs as a StatefulSet says nothing of maxSurge, and lets one worker be missing.",
        check=surge_of_a_set,
        action=Action.WARN,
    ),
    BuiltInRule(
        id="takenOverTwice",
        needs="takeOver",
        kinds=POOLS,
        sentence="No two WorkerPools take over the same Deployment.",
        check=taken_over_twice,
    ),
    BuiltInRule(
        id="secondAutoscaler",
        kinds=POOLS,
        subresources=SCALE,
        sentence="No HorizontalPodAutoscaler, and so no ScaledObject, scales a WorkerPool.",
        check=second_autoscaler,
        who_may=True,
    ),
)
