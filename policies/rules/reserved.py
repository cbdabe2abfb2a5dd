"""Names that belong to Headgate, or to what runs beside the queues at the broker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from crds import meta
from crds.findings import Finding, Reason
from policies.fields import NOTHING, items, listing, mapping, strings, text
from policies.rules.rule import ALL_KINDS, POOLS, QUEUES, Breach, BuiltInRule, PolicyRule
from policies.selectors import NameTest, name_test
from policies.snapshot import PolicyView
from policies.subject import Subject

RESERVED_QUEUE_NAMES: Final = frozenset({"system", "admin", "health", "metrics", "default"})
RESERVED_QUEUE_PREFIX: Final = "kube-"
OWN_LAYOUTS: Final = frozenset({"List", "Stream", "GoRedisWorkQueue"})
"""Layouts whose keys our workers and go-redis-work-queue lay out themselves, beside keys of these very names. Sidekiq,
RQ, Asynq and the others have namespaces of their own, and `default` is the queue their users start with."""

PREFIX: Final = f"{meta.DOMAIN}/"
ENV_PREFIX: Final = "HEADGATE_"
USERS_KEYS: Final = frozenset(
    {
        meta.ANNOTATION_BREAK_GLASS,
        meta.ANNOTATION_CONVERSION_DATA,
        meta.ANNOTATION_RESTARTED_AT,
        meta.ANNOTATION_ROLLOUT,
    }
)
"""Annotations of the prefix that are written by people, or come along with what they write in another version. Only on
an object of ours itself: in a template or as a label they mean nothing."""


def queue_name(subject: Subject) -> Iterator[Finding]:
    """Only `spec.queueName` is judged, never the object's own name: that one is not chosen for the broker.

    A ClusterPolicy with a list of reserved names, be it empty, has its list judged instead of this one.
    """
    layout, name = text(subject.spec, "broker", "redis", "layout"), text(subject.spec, "queueName")
    folded = name.casefold()
    if layout not in OWN_LAYOUTS or any(_replaces_names(policy) for policy in subject.policies):
        return
    if folded in RESERVED_QUEUE_NAMES or folded.startswith(RESERVED_QUEUE_PREFIX):
        message = f"reserved at a broker with layout {layout}; choose another queueName"
        yield Finding("spec.queueName", Reason.INVALID, message, name)


def _replaces_names(policy: PolicyView) -> bool:
    return policy.kind == meta.CLUSTER_POLICY.kind and isinstance(policy.spec.get("reservedNames"), list)


class Names(NamedTuple):
    """The globs as the policy writes them, and a test of a folded name."""

    text: str
    reserve: NameTest


def reserved(globs: Any) -> Names | None:
    written = strings({"globs": globs}, "globs")
    reserve = name_test(tuple(glob.casefold() for glob in written))
    return None if reserve is None else Names(", ".join(written), reserve)


def reserved_names(subject: Subject, names: Names) -> Iterator[Breach]:
    """Every name at the broker: the queue's, which is the object's own where none is given, and its dead letters'."""
    own = "spec.queueName" if "queueName" in subject.spec else "metadata.name"
    asked = (
        (own, text(subject.spec, "queueName") or subject.name),
        ("spec.deadLetter.queueName", text(subject.spec, "deadLetter", "queueName")),
    )
    for field, name in asked:
        if name and names.reserve(name.casefold()):
            yield Breach(Finding(field, Reason.INVALID, f"reserved: {names.text}; choose another queueName", name))


def metadata(subject: Subject) -> Iterable[Finding]:
    """Reserved labels and annotations that the object did not carry before with this value."""
    own = mapping(subject.obj, "metadata")
    for part in ("labels", "annotations"):
        for key in mapping(own, part):
            if key.startswith(PREFIX):
                return _metadata(own, mapping(subject.previous, "metadata"))
    return ()


def _metadata(new: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _own_keys("metadata.labels", mapping(new, "labels"), mapping(old, "labels"))
    annotations = mapping(new, "annotations")
    judged = {key: value for key, value in annotations.items() if key not in USERS_KEYS}
    yield from _own_keys("metadata.annotations", judged, mapping(old, "annotations"))


def template_metadata(subject: Subject) -> Iterator[Finding]:
    """Nobody's keys are here: pods with break-glass would be refused to the ReplicaSet, for it may not break glass."""
    template = mapping(subject.spec, "template", "metadata")
    for part in ("labels", "annotations"):
        yield from _own_keys(f"spec.template.metadata.{part}", mapping(template, part))


def default_labels(subject: Subject) -> Iterator[Finding]:
    yield from _own_keys("spec.defaults.labels", mapping(subject.spec, "defaults", "labels"))


def environment(subject: Subject) -> Iterable[Finding]:
    if "template" not in subject.spec:
        for variable in listing(subject.spec, "env"):
            name = variable.get("name") if type(variable) is dict else None
            if type(name) is str and name.startswith(ENV_PREFIX):
                break
        else:
            return ()
    return _environment(subject)


def _environment(subject: Subject) -> Iterator[Finding]:
    yield from _own_env("spec.env", items(subject.spec, "env"))
    for part in ("initContainers", "containers"):
        for path, container in items(subject.spec, "template", "spec", part):
            yield from _own_env(f"spec.{path}.env", items(container, "env"))


def _own_keys(path: str, new: Mapping[str, Any], old: Mapping[str, Any] = NOTHING) -> Iterator[Finding]:
    for key, value in new.items():
        if key.startswith(PREFIX) and old.get(key) != value:
            yield Finding(f"{path}[{key}]", Reason.FORBIDDEN, f"{PREFIX} is set by Headgate only; remove it")


def _own_env(path: str, variables: Iterator[tuple[str, Mapping[str, Any]]]) -> Iterator[Finding]:
    for place, variable in variables:
        name = text(variable, "name")
        if name.startswith(ENV_PREFIX):
            # `place` counts within its list only; the path of the list is the caller's.
            index = place[place.rindex("[") :]
            yield Finding(
                f"{path}{index}.name", Reason.INVALID, f"{ENV_PREFIX}* is set by Headgate; use another name", name
            )


POLICY_RULES: Final = (
    PolicyRule(
        id="reservedNames",
        kinds=QUEUES,
        sentence="No queue and no dead-letter queue has one of these names at the broker, in any case of letters. In a "
        "ClusterPolicy the list, also an empty one, replaces the names that are reserved otherwise.",
        check=reserved_names,
        prepare=reserved,
    ),
)
RULES: Final = (
    BuiltInRule(
        id="reservedQueueName",
        needs="queueName",
        kinds=QUEUES,
        sentence="A queueName at a broker with layout List, Stream or GoRedisWorkQueue is none of system, admin, "
        "health, metrics, default, kube-*, in any case of letters.",
        check=queue_name,
    ),
    BuiltInRule(
        id="reservedMetadata",
        kinds=ALL_KINDS,
        sentence="Labels and annotations below headgate.dev/ are written by Headgate only, but for the annotations "
        "break-glass, rollout, restarted-at and conversion-data of the object itself.",
        check=metadata,
    ),
    BuiltInRule(
        id="reservedTemplateMetadata",
        needs="template",
        kinds=POOLS,
        sentence="The pod template carries no label or annotation below headgate.dev/.",
        check=template_metadata,
    ),
    BuiltInRule(
        id="reservedDefaultLabels",
        needs="defaults",
        kinds=frozenset({meta.POLICY.kind, meta.CLUSTER_POLICY.kind}),
        sentence="A policy defaults no label below headgate.dev/.",
        check=default_labels,
    ),
    BuiltInRule(
        id="reservedEnvironment",
        kinds=POOLS,
        sentence="No container sets an environment variable whose name begins with HEADGATE_.",
        check=environment,
    ),
)
