"""What a policy asks an object to say: labels that name an owner, images from registries it trusts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from crds.findings import Finding, Reason
from crds.remembering import remembered
from policies.fields import items, strings, text
from policies.rules.rule import POOLS, WORK_KINDS, Breach, PolicyRule
from policies.subject import Subject

DEFAULT_REGISTRY: Final = "docker.io"


class Required(NamedTuple):
    """A label that must be there, and its values where they are listed."""

    key: str
    values: tuple[str, ...]


def required(wanted: Any) -> tuple[Required, ...] | None:
    found = items({"wanted": wanted}, "wanted")
    return tuple(Required(text(label, "key"), strings(label, "values")) for _, label in found) or None


def prefixes(wanted: Any) -> tuple[str, ...] | None:
    return tuple(prefix.rstrip("/") + "/" for prefix in strings({"wanted": wanted}, "wanted")) or None


def required_labels(subject: Subject, wanted: tuple[Required, ...]) -> list[Breach]:
    found: list[Breach] = []
    for key, values in wanted:
        value = subject.labels.get(key)
        if value and (not values or value in values):
            continue
        field = f"metadata.labels[{key}]"
        if not value:
            words = f"one of {', '.join(values)}" if values else f"name the owning {key.rpartition('/')[2]}"
            found.append(Breach(Finding(field, Reason.REQUIRED, words)))
        else:
            found.append(Breach(Finding(field, Reason.NOT_SUPPORTED, f"one of {', '.join(values)}", value)))
    return found


def allowed_images(subject: Subject, allowed: tuple[str, ...]) -> list[Breach]:
    return [
        Breach(Finding(field, Reason.NOT_SUPPORTED, f"must start with {' or '.join(allowed)}", image))
        for field, image in _images(subject)
        if not normalised(image).startswith(allowed)
    ]


@remembered(1024)
def normalised(image: str) -> str:
    """The name a container runtime would pull: `nginx` is `docker.io/library/nginx`."""
    first, slash, rest = image.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost" or first != first.lower())
    if not is_host:
        return f"{DEFAULT_REGISTRY}/{image}" if slash else f"{DEFAULT_REGISTRY}/library/{image}"
    host = DEFAULT_REGISTRY if first.lower() == "index.docker.io" else first.lower()
    if host == DEFAULT_REGISTRY and "/" not in rest:
        rest = f"library/{rest}"
    return f"{host}/{rest}"


def _images(subject: Subject) -> Iterator[tuple[str, str]]:
    if image := text(subject.spec, "image"):
        yield "spec.image", image
    if "template" not in subject.spec:
        return
    for part in ("initContainers", "containers"):
        for path, container in items(subject.spec, "template", "spec", part):
            if image := text(container, "image"):
                yield f"spec.{path}.image", image
    for path, volume in items(subject.spec, "template", "spec", "volumes"):
        if image := text(volume, "image", "reference"):
            yield f"spec.{path}.image.reference", image


RULES: Final = (
    PolicyRule(
        id="allowedImages",
        kinds=POOLS,
        sentence="Every image of the pods, of containers and of volumes, comes from below one of these prefixes, "
        "compared on the full name. Headgate's own agent is the install's and not judged.",
        check=allowed_images,
        prepare=prefixes,
    ),
    PolicyRule(
        id="requiredLabels",
        kinds=WORK_KINDS,
        sentence="The object carries these labels, with one of the listed values where values are listed.",
        check=required_labels,
        prepare=required,
    ),
)
