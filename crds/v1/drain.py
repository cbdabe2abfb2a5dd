"""How a worker is brought to rest before it is removed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from crds.v1.base import Model
from crds.v1.scalars import Form, Port, PositiveDur

DrainTimeoutAction = Literal["Wait", "Requeue", "Kill"]
DrainMethod = Literal["Auto", "AdminAPI", "Broker", "Signal"]
DrainGuard = Literal["None", "Evictions", "Deletes"]
URLPath = Annotated[
    str, Field(pattern="^/[!-~]*$", max_length=255), Form("path", "must begin with / and contain no spaces")
]


class AdminAPI(Model):
    port: Port | None = None
    """The port the worker listens on. Absent: 8079."""
    path: URLPath | None = None
    """Put before `/status`, `/drain` and `/ready`. Absent: `/`."""


class Drain(Model):
    timeout: PositiveDur | None = None
    """How long a worker may take to finish its jobs; also the pod's grace period. Absent: what a Policy says, else the
    longest maxJobDuration of the pool's queues and 1m more, else 10m."""
    on_timeout: DrainTimeoutAction | None = None
    """What happens then. Wait: keep waiting. Requeue: the job goes back to its queue and the worker is removed. Kill:
    the worker is removed with its job. Absent: what a Policy says, else Wait."""
    method: DrainMethod | None = None
    """How a worker shows that it is idle. AdminAPI: by the worker contract. Broker: an agent beside the worker sees it
    at the broker, or by the worker's end under headgate-wait. Signal: not at all, it gets SIGTERM. Auto: Broker for
    Celery, Sidekiq and RQ, else AdminAPI; status.drainMethod names it. Absent: what a Policy says, else Auto."""
    admin_api: Annotated[AdminAPI | None, Field(alias="adminAPI")] = None
    """Where the worker's HTTP side is."""
    guard: DrainGuard | None = None
    """What keeps others from removing a busy worker. Evictions: a PodDisruptionBudget. Deletes: that, and deletes of
    its pod are refused by the API server. None: nothing. Absent: what a Policy says, else Deletes."""
