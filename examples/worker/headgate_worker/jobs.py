"""What a job is: a JSON object with an `id`, and the worker's own marks on it.

Pure. The worker adds `attempts` (runs that failed), `recovered` (workers lost under it), `priority` (where it
goes back to) and, on its way to the dead letters, `error`, `diedIn` and the fields of garbage. All else is the
producer's and stays.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

MAX_ERROR_CHARACTERS: Final = 500
# A job that took five workers with it is more likely the cause than the victim.
MAX_RECOVERIES: Final = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """A job as fetched: its lane's key, its stream entry (empty for lists), and its exact bytes, by which lists
    know it.

    Read back from an in-flight list, a job's lane is only what the job says, so it is no part of its identity.
    """

    lane: bytes = field(compare=False)
    entry: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Job:
    """A decoded job."""

    id: str
    attempts: int
    recovered: int
    body: Mapping[str, Any]


class NotAJobError(ValueError):
    """The bytes are not a job; the message says why."""


def decode(raw: bytes) -> Job:
    """Reads a job; raises NotAJobError."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise NotAJobError(f"not JSON: {error}") from error
    if not isinstance(body, dict):
        raise NotAJobError("not a JSON object")
    job_id = body.get("id")
    if isinstance(job_id, bool) or not isinstance(job_id, str | int) or job_id == "":
        raise NotAJobError("no id")
    return Job(str(job_id), _count(body.get("attempts")), _count(body.get("recovered")), body)


def failed(job: Job, priority: str) -> Job:
    """The job after one more run that failed."""
    attempts = job.attempts + 1
    return replace(job, attempts=attempts, body=_body(job, priority, "attempts", attempts))


def lost(job: Job, priority: str) -> Job:
    """The job after its worker went away under it."""
    recovered = job.recovered + 1
    return replace(job, recovered=recovered, body=_body(job, priority, "recovered", recovered))


def encode(job: Job) -> bytes:
    return _dump(job.body)


def dead(job: Job, error: str, queue: str) -> bytes:
    """The job as a dead letter."""
    return _dump({**job.body, "error": error[:MAX_ERROR_CHARACTERS], "diedIn": queue})


def dead_garbage(raw: bytes, error: str, queue: str) -> bytes:
    """Bytes that are no job, as a dead letter from which they can be read back exactly."""
    try:
        content = {"raw": raw.decode()}
    except UnicodeDecodeError:
        content = {"rawBase64": base64.b64encode(raw).decode()}
    return _dump({"id": None, "error": error[:MAX_ERROR_CHARACTERS], "diedIn": queue, **content})


def _body(job: Job, priority: str, mark: str, value: int) -> Mapping[str, Any]:
    body = {**job.body, mark: value}
    return {**body, "priority": priority} if priority else body


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _dump(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
