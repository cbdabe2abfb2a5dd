"""The settings of the reconciler. Flags win over `HEADGATE_*` variables, those over the defaults here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")


def setting(default: T, words: str) -> T:
    """A field with its default and its help: on the command line, and in docs/reference/settings.md."""
    return field(default=default, metadata={"help": words})


POSITIVE: Final = (
    *("workers", "requests", "poll", "resync", "pass_timeout", "request_timeout", "watch_silence", "retry_period"),
    *("report_every",),
    *("authority_lifetime", "leaf_lifetime", "certificate_settle"),
)


class SettingError(ValueError):
    """Settings that cannot work; the message names the flag."""


class Scope(StrEnum):
    """Which namespaces an install looks after."""

    NAMESPACED = "namespaced"
    CLUSTER = "cluster"


class Certificates(StrEnum):
    """What the leader does about the certificates of the webhook."""

    INJECTED = "injected"
    LEAF = "leaf"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every time is in seconds."""

    scope: Scope = field(
        default=Scope.NAMESPACED, metadata={"help": "Which namespaces are looked after: the install's own, or all."}
    )
    namespace: str = setting("", "Namespace of the install. Empty: the one of the kubeconfig or the pod.")
    service: str = setting("headgate-webhook", "Service of the webhook; its certificate is kept for this name.")
    kubeconfig: Path | None = field(
        default=None, metadata={"help": "Kubeconfig of the cluster. Absent: the pod's service account."}
    )
    workers: int = setting(
        500, "How many objects are worked on at the same time; only those that wait for an answer keep a place."
    )
    requests: int = setting(32, "How many requests to the API server are under way at the same time.")
    poll: float = setting(2.0, "How often a queue is read, and a pool with jobs or pods in motion is looked at.")
    resync: float = setting(600.0, "How often an object is looked at when nothing happens, spread by a tenth.")
    pass_timeout: float = setting(60.0, "How long one pass over one object may take.")
    request_timeout: float = setting(15.0, "How long one request to the API server may take.")
    metrics_host: str = setting("", "Address of the port for metrics. Empty: all, IPv4 and IPv6.")
    metrics_port: int = setting(8080, "Port for /metrics, /healthz and /readyz, without TLS. 0: any free one.")
    watch_silence: float = setting(
        180.0, "How long a watch may be silent before /healthz fails; the API server speaks every minute."
    )
    lease_duration: int = setting(15, "How long the Lease holds without being renewed.")
    renew_deadline: float = setting(10.0, "How long the leader tries to renew the Lease before it exits.")
    retry_period: float = setting(2.0, "How often the Lease is renewed, or tried for.")
    identity: str = setting("", "Who this process is in the Lease. Empty: the host name and a random part.")
    shutdown_grace: float = setting(20.0, "How long passes under way may take to end after SIGTERM.")
    local_brokers: bool = setting(
        False, "Whether brokers on loopback and link-local addresses are read: for tests and laptops only."
    )
    agent_image: str = setting(
        "", "Image of the agent beside workers of Celery, Sidekiq and RQ: this one's own. Empty: they get none."
    )
    reports: bool = setting(
        False, "Whether what the policies say is also kept in Reports of openreports.io, one for each namespace."
    )
    report_every: float = setting(60.0, "How often the Reports are looked at.")
    certificates: Certificates = field(
        default=Certificates.INJECTED,
        metadata={
            "help": "What the leader keeps of the webhook's certificates: injected, authority and leaf and what the API"
            " server trusts; leaf, the leaf alone; none."
        },
    )
    authority_lifetime: float = setting(365 * 86400.0, "How long a new authority lives; renewed at two thirds.")
    leaf_lifetime: float = setting(90 * 86400.0, "How long a new leaf lives; renewed at two thirds.")
    certificate_settle: float = setting(
        30.0, "How long a change of authority waits for API servers and replicas; replicas look every 10 seconds."
    )
    log_level: str = setting("info", "Least level that is logged: debug, info, warning or error.")

    def __post_init__(self) -> None:
        for name in POSITIVE:
            if getattr(self, name) <= 0:
                raise SettingError(f"--{name.replace('_', '-')} must be above 0, not {getattr(self, name)}")
        if not self.lease_duration > self.renew_deadline > 1.2 * self.retry_period:
            raise SettingError("--lease-duration must be above --renew-deadline, and that above 1.2 x --retry-period")
