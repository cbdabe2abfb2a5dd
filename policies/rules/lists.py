"""Entries of a policy's lists that nothing can be like: they allow nobody, limit nothing, or reserve every name."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from crds.findings import Finding, Reason
from policies.fields import mapping, strings
from policies.nearest import nearest
from policies.resources import UNBOUNDED
from policies.rules.content import normalised
from policies.rules.rule import POLICIES, BuiltInRule
from policies.subject import Subject

MOST: Final = 100
LONGEST: Final = 512
HUGE_PAGES: Final = "hugepages-"
_IMAGE: Final = "any/image"
"""Stands for what is below a prefix."""


def unlike_any(subject: Subject) -> Iterator[Finding]:
    yield from _images(subject)
    yield from _hosts(subject)
    yield from _resources(subject)
    yield from _names(subject)


def _entries(subject: Subject, name: str) -> Iterator[tuple[int, str]]:
    """What the schema lets through: it tells of longer entries, and of more of them."""
    for index, entry in enumerate(strings(subject.spec, name)[:MOST]):
        if len(entry) <= LONGEST:
            yield index, entry


def _images(subject: Subject) -> Iterator[Finding]:
    """Images are compared by their full names, so a prefix has to be the beginning of one."""
    for index, prefix in _entries(subject, "allowedImages"):
        field = f"spec.allowedImages[{index}]"
        plain = prefix.partition("://")[2] or prefix
        if "*" in plain or "?" in plain:
            yield Finding(field, Reason.INVALID, "a prefix and no glob: leave the wildcard out", prefix)
        elif (full := _prefix(plain)) != prefix.rstrip("/") + "/":
            yield Finding(field, Reason.INVALID, f"no image's full name begins so: write {full}", prefix)


def _prefix(written: str) -> str:
    return normalised(f"{written.rstrip('/')}/{_IMAGE}").removesuffix(_IMAGE)


def _hosts(subject: Subject) -> Iterator[Finding]:
    for index, glob in _entries(subject, "allowedBrokers"):
        host = _host(glob)
        if host != glob:
            message = f"compared with hosts, without scheme and port: write {host or 'the host'}"
            yield Finding(f"spec.allowedBrokers[{index}]", Reason.INVALID, message, glob)


def _host(written: str) -> str:
    """What of an address is its host; two colons and more are an IPv6 address."""
    place = (written.partition("://")[2] or written).rpartition("@")[2].partition("/")[0]
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place.partition(":")[0] if place.count(":") == 1 else place


def _resources(subject: Subject) -> Iterator[Finding]:
    """A container names resources of Kubernetes itself without a domain, and no others."""
    limits = mapping(subject.spec, "limits", "maxResourcesPerReplica")
    for name, most in islice(limits.items(), MOST):
        if name in UNBOUNDED or "/" in name or name.startswith(HUGE_PAGES):
            continue
        likely = nearest(name, UNBOUNDED)
        hint = f'did you mean "{likely}", or' if likely else "did you mean"
        yield Finding(
            f"spec.limits.maxResourcesPerReplica[{name}]",
            Reason.INVALID,
            f"no such resource; {hint} one with its domain, such as x.org/gpu?",
            most,
        )


def _names(subject: Subject) -> Iterator[Finding]:
    for index, glob in _entries(subject, "reservedNames"):
        if "*" in glob and glob.replace("*", "") in ("", "?"):
            message = "reserves every name: set limits.maxQueuesPerNamespace: 0 if there shall be no Queue"
            yield Finding(f"spec.reservedNames[{index}]", Reason.INVALID, message, glob)


RULES: Final = (
    BuiltInRule(
        id="unlikeAny",
        kinds=POLICIES,
        sentence="Every entry of a policy's lists is like something: prefixes of full image names, hosts without "
        "scheme and port, resources there are, and not every name is reserved.",
        check=unlike_any,
    ),
)
