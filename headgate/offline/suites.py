"""Suites of policy tests, as they are written: what stands in a file, checked, before anything is asked.

A suite names policies and the world around them, and cases: an object or a whole AdmissionReview goes in, and what is
expected comes out. What a case does not speak of is not compared; a list it does give is complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from headgate.offline.locating import label, place
from webhooks.manifests import Manifest, ManifestError, read

API_VERSION: Final = "test.headgate.dev/v1"
KIND: Final = "PolicySuite"

Json = dict[str, Any]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class ExpectedViolation(_Part):
    """Every key that is given must be the violation's; of the message it is enough that it contains the words."""

    field: str | None = None
    rule: str | None = None
    policy: str | None = None
    action: Literal["Deny", "Warn", "Audit"] | None = None
    message: str | None = None


class Expected(_Part):
    verdict: Literal["Allow", "Deny"] | None = None
    violations: tuple[ExpectedViolation, ...] | None = None
    warnings: tuple[str, ...] | None = None
    patch: tuple[Json, ...] | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Expected:
        if not self.model_fields_set:
            raise ValueError("expects nothing; say verdict, violations, warnings or patch")
        return self


class Person(_Part):
    name: str = ""
    groups: tuple[str, ...] = ()


class Case(_Part):
    """Either `object`, with `oldObject` where it is an update, or `review`, a whole AdmissionReview."""

    name: Annotated[str, Field(min_length=1)]
    object: Json | None = None
    old_object: Json | None = None
    user: Person = Person()
    review: Json | None = None
    expect: Expected

    @model_validator(mode="after")
    def _one_input(self) -> Case:
        if (self.object is None) == (self.review is None):
            raise ValueError("give exactly one of object and review")
        if self.review is not None and (self.old_object is not None or self.user != Person()):
            raise ValueError("a review says oldObject and user itself")
        return self


class Suite(_Part):
    api_version: Literal["test.headgate.dev/v1"]
    kind: Literal["PolicySuite"]
    metadata: Json = {}
    world: tuple[str, ...] = ()
    """Files and folders, seen from the suite: the policies under test, and the objects around them."""
    objects: tuple[Json, ...] = ()
    """The same, written here."""
    namespace: str = "default"
    """The namespace of objects that name none."""
    now: AwareDatetime | None = None
    """The moment at which everything is judged, for exemptions that expire. Absent: now."""
    tests: Annotated[tuple[Case, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class LoadedSuite:
    """A suite and where it stands."""

    suite: Suite
    manifest: Manifest

    def moment(self) -> datetime:
        return self.suite.now or datetime.now(UTC)

    def around(self) -> Iterator[Manifest]:
        """The world it names. Raises ManifestError where a file cannot be read."""
        here = self.manifest.path.parent
        for index, path in enumerate(self.suite.world):
            try:
                yield from (found for found in read((here / path,)) if not is_suite(found))
            except ManifestError as error:
                raise ManifestError(f"{_at(self.manifest, f'world[{index}]')}: {error}") from error
        for obj in self.suite.objects:
            yield Manifest(obj, self.manifest.path, self.manifest.number)


def is_suite(manifest: Manifest) -> bool:
    return manifest.obj["kind"] == KIND and str(manifest.obj.get("apiVersion", "")).startswith("test.headgate.dev/")


def load(path: Path) -> list[LoadedSuite]:
    """The suites at or below a path. Raises ManifestError, which names what is wrong and where."""
    return [_loaded(manifest) for manifest in read((path,)) if is_suite(manifest)]


def _loaded(manifest: Manifest) -> LoadedSuite:
    try:
        return LoadedSuite(Suite.model_validate(manifest.obj), manifest)
    except ValidationError as error:
        raise ManifestError("\n".join(_told(manifest, error.errors()))) from None


def _told(manifest: Manifest, errors: Sequence[Any]) -> Iterator[str]:
    """A line each. That a list is too short is an echo where its entries are what is wrong."""
    places = [tuple(error["loc"]) for error in errors]
    for place_of, error in zip(places, errors, strict=True):
        if error["type"] == "too_short" and any(len(other) > len(place_of) for other in places):
            continue
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place_of).removeprefix(".")
        words = _words(error)
        yield f"{_at(manifest, path)}: {words}"


def _words(error: Any) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "no such field"
        case "missing":
            return "must be set"
        case "literal_error":
            return f"must be {error['ctx']['expected'].replace(chr(39), '')}"
        case "too_short":
            return "must not be empty"
        case _:
            return str(error["msg"]).removeprefix("Value error, ")


def _at(manifest: Manifest, path: str) -> str:
    """The file and the line, and the field where it is about one."""
    where = f"{label(manifest)}:{place(manifest, path).line}"
    return f"{where}: {path}" if path else where
