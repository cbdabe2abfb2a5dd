"""The reconciler's entry: from settings to an exit code."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import uvloop

from kube import config
from kube.config import ConfigError
from kube.lease import LeadershipLost
from reconciler import certificates, polling, reporting
from reconciler.brokers import lifetime
from reconciler.kinds import KINDS
from reconciler.phases import Reconcile, ending
from reconciler.process import Setup, run
from reconciler.settings import Settings
from reconciler.watching import Quiet

log = logging.getLogger(__name__)


def main(settings: Settings, kinds: Iterable[Reconcile[Any]] = KINDS) -> int:
    """Run until SIGTERM. 0: stopped as asked; 1: the Lease was lost or something broke; 2: there is no API server."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(Quiet())
    if settings.log_level != "debug":
        logging.getLogger("kopf").setLevel(logging.WARNING)
    try:
        uvloop.run(_run(settings, kinds))
    except ConfigError as error:
        log.error("no way to an API server: %s", error)
        return 2
    except LeadershipLost as error:
        log.error("stopping at once: %s", error)
        return 1
    except Exception:
        log.exception("the reconciler broke")
        return 1
    return 0


async def _run(settings: Settings, kinds: Iterable[Reconcile[Any]]) -> None:
    connection = await config.load(settings.kubeconfig)
    setup = Setup(
        settings=settings,
        connection=connection,
        kinds=kinds,
        background=(
            lifetime.keep,
            ending.keep,
            polling.keep,
            *certificates.background(settings),
            *reporting.background(settings),
        ),
        prepare=lifetime.prepare,
        farewell=ending.let_go_of_all,
    )
    await run(setup)
