"""What a worker process is told at its start: flags, then the environment of the contract's section 1, then defaults.

With `--redis` the worker needs no configuration file, and so no Headgate: one configuration that never changes.
"""

from __future__ import annotations

import argparse
import json
import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from . import config, connection
from .config import Config


@dataclass(frozen=True, slots=True)
class Settings:
    instance: str
    """Name of this process start: `<pod>.<8 hex digits>`."""
    pod: str
    pod_uid: str
    config: str
    """Path of the configuration file."""
    drain_request: str
    """Path of the drain request file."""
    admin_port: int
    """Port of the HTTP side; 0 for none."""
    handler: str
    """`module:function`, see handlers.py."""
    log_level: str
    inline: Config | None
    """The configuration when there is no file."""


def read(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Reads the settings; raises ConfigError, and exits with a usage message on unknown flags."""
    flags = _parser(environment).parse_args(arguments)
    pod = environment.get("HEADGATE_POD") or socket.gethostname()
    return Settings(
        instance=f"{pod}.{secrets.token_hex(4)}",
        pod=pod,
        pod_uid=environment.get("HEADGATE_POD_UID", ""),
        config=flags.config,
        drain_request=flags.drain_request,
        admin_port=flags.admin_port,
        handler=flags.handler,
        log_level=flags.log_level,
        inline=_inline(flags) if flags.redis else None,
    )


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="headgate-worker", description="Runs jobs from Redis lists and streams.")

    def flag(name: str, variable: str, default: str, text: str, kind: type = str) -> None:
        value = environment.get(variable) or default
        parser.add_argument(name, default=value, type=kind, help=f"{text} (environment: {variable})")

    flag("--config", "HEADGATE_CONFIG", "/etc/headgate/config/queues.json", "configuration file")
    flag("--drain-request", "HEADGATE_DRAIN_REQUEST", "/etc/headgate/pod/drain", "drain request file")
    flag("--admin-port", "HEADGATE_ADMIN_PORT", "8079", "port of the HTTP side, 0 for none", int)
    flag("--handler", "HEADGATE_HANDLER", "headgate_worker.demo:handle", "what runs a job, module:function")
    flag("--log-level", "HEADGATE_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR")
    flag("--redis", "HEADGATE_REDIS_URL", "", "broker; no configuration file is read then")
    flag("--queues", "HEADGATE_QUEUES", "", "with --redis: queue names, comma separated, strictest first")
    flag("--layout", "HEADGATE_LAYOUT", "List", "with --redis: List or Stream")
    flag("--priorities", "HEADGATE_PRIORITIES", "", "with --redis: priorities, comma separated, high to low")
    flag("--concurrency", "HEADGATE_CONCURRENCY", "1", "with --redis: jobs run at once", int)
    flag(
        "--max-in-flight", "HEADGATE_MAX_IN_FLIGHT", "0", "with --redis: jobs held at once, 0 for the concurrency", int
    )
    return parser


def _inline(flags: argparse.Namespace) -> Config:
    """The flags as a configuration, through the same reader as the file."""
    queues = [
        {"name": name, "url": flags.redis, "layout": flags.layout, "priorities": _names(flags.priorities)}
        for name in _names(flags.queues)
    ]
    connection.address(flags.redis)
    pool = {"concurrency": flags.concurrency, "maxInFlight": flags.max_in_flight or flags.concurrency}
    return config.parse(json.dumps({"generation": "flags", "pool": pool, "queues": queues}))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
