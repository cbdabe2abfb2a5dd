"""The settings of the reconciler: from flags, then `HEADGATE_*`, then the defaults here.

The docstring under each field is its help text, and its line in `docs/reference/settings.md`.
"""

from __future__ import annotations

import ast
import inspect
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Final, get_type_hints

PREFIX: Final = "HEADGATE_"


class SettingError(ValueError):
    """A value that cannot be used; the message names the setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Times are in seconds."""

    namespace: str = ""
    """The namespace that is served, and where the Lease is; the pod's own where it is empty."""
    kubeconfig: Path | None = None
    """A kubeconfig to use instead of the pod's service account."""
    install: str = "headgate"
    """The name of this install, as in the label headgate.dev/install."""
    workers: int = 8
    """How many objects are worked on at the same time."""
    poll: float = 2.0
    """How often a queue is read, and a pool looked at while it has jobs or replicas in motion."""
    resync: float = 600.0
    """How often an object is looked at when nothing happens, spread by a tenth."""
    http_port: int = 8080
    """The port of /healthz, /readyz and /metrics; 0 takes a free one."""
    http_host: str = ""
    """The address of that port; empty: all."""
    lease_duration: int = 15
    """How long a Lease holds without being renewed."""
    renew_deadline: float = 10.0
    """How long the leader tries to renew before it stops and exits; below lease_duration."""
    retry_period: float = 2.0
    """How often the Lease is renewed, or tried for."""
    watch_silence: float = 180.0
    """How long a watch may bring nothing, not even a sign of life, before /healthz fails; those come every minute."""
    shutdown_grace: float = 20.0
    """How long passes under way may take to end after SIGTERM."""
    request_timeout: float = 15.0
    """How long one request to the API server may take."""
    identity: str = ""
    """Who this process is in the Lease; the host name with a random part where it is empty."""
    log_level: str = "info"
    """debug, info, warning or error."""
    log_format: str = "json"
    """json or text."""

    def __post_init__(self) -> None:
        for name in ("workers", "poll", "resync", "watch_silence", "request_timeout", "retry_period"):
            if getattr(self, name) <= 0:
                raise SettingError(f"{flag(name)} must be above 0, not {getattr(self, name)}")
        if not self.lease_duration > self.renew_deadline > 1.2 * self.retry_period:
            raise SettingError("--lease-duration must be above --renew-deadline, and that above 1.2 x --retry-period")
        if self.log_level not in LEVELS:
            raise SettingError(f"--log-level must be one of {', '.join(LEVELS)}, not {self.log_level}")
        if self.log_format not in FORMATS:
            raise SettingError(f"--log-format must be one of {', '.join(FORMATS)}, not {self.log_format}")


LEVELS: Final = ("debug", "info", "warning", "error")
FORMATS: Final = ("json", "text")


def load(flags: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force. `flags` holds what was given on the command line, by field name; None is not given."""
    given: dict[str, Any] = {}
    for name, kind in types().items():
        if flags.get(name) is not None:
            given[name] = flags[name]
        elif (text := environ.get(variable(name))) is not None:
            given[name] = _parsed(name, kind, text)
    return Settings(**given)


def flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def variable(name: str) -> str:
    return PREFIX + name.upper()


@cache
def types() -> Mapping[str, type]:
    """The type in which each setting is read from text."""
    hints = get_type_hints(Settings)
    return {field.name: Path if field.name == "kubeconfig" else hints[field.name] for field in fields(Settings)}


@cache
def docs() -> Mapping[str, str]:
    """The docstring under each field."""
    (definition,) = ast.parse(inspect.getsource(Settings)).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101 - for the type checker
    found = {}
    for statement, after in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            assert isinstance(after, ast.Expr), f"{statement.target.id} has no docstring"  # noqa: S101 - ours
            found[statement.target.id] = inspect.cleandoc(ast.literal_eval(after.value))
    return found


def default_identity(random_part: str) -> str:
    return f"{socket.gethostname()}_{random_part}"


def _parsed(name: str, kind: type, text: str) -> Any:
    try:
        return kind(text)
    except ValueError as error:
        raise SettingError(f"{variable(name)}={text}: must be a {kind.__name__}") from error
