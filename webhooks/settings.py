"""The settings of the webhook process. Flags win over `HEADGATE_*` variables, those over the defaults here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Scope(StrEnum):
    """Which namespaces an install looks after."""

    NAMESPACED = "namespaced"
    CLUSTER = "cluster"


class Trust(StrEnum):
    """What says which authorities the API server trusts."""

    CONFIGURATION = "configuration"
    SECRET = "secret"  # noqa: S105 - the kind, not what is in one


class PolicyRules(StrEnum):
    """Whether a Policy may carry rules in CEL."""

    ALLOWED = "allowed"
    REFUSED = "refused"


def described(words: str) -> dict[str, str]:
    return {"help": words}


@dataclass(frozen=True, slots=True)
class Settings:
    """One field a setting; the description is its help on the command line and its line in the documentation."""

    scope: Scope = field(
        default=Scope.NAMESPACED, metadata=described("Which namespaces are looked after: the install's own, or all.")
    )
    namespace: str = field(
        default="", metadata=described("Namespace of the install. Empty: the one of the kubeconfig or the pod.")
    )
    service: str = field(
        default="headgate-webhook", metadata=described("Service the API server calls; its name is in the certificate.")
    )
    host: str = field(default="", metadata=described("Address to listen on. Empty: all, IPv4 and IPv6."))
    port: int = field(default=9443, metadata=described("Port for reviews, over TLS. 0: any free one."))
    metrics_port: int = field(
        default=8080, metadata=described("Port for /metrics, /healthz and /readyz, without TLS. 0: any free one.")
    )
    cert_dir: Path | None = field(
        default=None, metadata=described("Folder with tls.crt and tls.key. Absent: the Secret of the install.")
    )
    cert_poll_seconds: float = field(
        default=10.0, metadata=described("How often the certificate is read again, and served where it is new.")
    )
    trust: Trust = field(
        default=Trust.CONFIGURATION,
        metadata=described(
            "By what the own certificate is verified: caBundle of the webhook configurations, or the install's Secret."
        ),
    )
    snapshot: Path | None = field(
        default=None, metadata=described("Folder of manifests to judge against, instead of a cluster.")
    )
    kubeconfig: Path | None = field(
        default=None, metadata=described("Kubeconfig of the cluster. Absent: the pod's service account.")
    )
    policy_rules: PolicyRules = field(
        default=PolicyRules.ALLOWED,
        metadata=described("Whether a Policy may carry rules in CEL, as a ClusterPolicy always may."),
    )
    linger_seconds: float = field(
        default=8.0, metadata=described("How long to serve on after SIGTERM, until no API server calls any more.")
    )
    log_level: str = field(
        default="info", metadata=described("Least level that is logged: debug, info, warning or error.")
    )
