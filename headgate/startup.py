"""Whether the API server reaches the webhook of an install: asked the only way that shows it, by an apply.

The apply is a dry run. Everything but "the webhook could not be called" is an answer, a refusal too: a Policy may
forbid the queue that is asked about.
"""

from __future__ import annotations

from typing import Any, Final

from crds.meta import API_VERSION, GROUP, QUEUE, VERSION
from headgate.patience import Patience
from kube.client import Client
from kube.errors import ApiError, Forbidden, Invalid, NotFound
from kube.resources import custom

QUEUES: Final = custom(GROUP, VERSION, QUEUE.plural, QUEUE.kind)


def probe(namespace: str) -> dict[str, Any]:
    """A queue that is never stored."""
    redis = {"layout": "List", "url": f"redis://startup-check.{namespace}.svc:6379/0"}
    return {
        "apiVersion": API_VERSION,
        "kind": QUEUE.kind,
        "metadata": {"name": "headgate-startup-check", "namespace": namespace},
        "spec": {"broker": {"type": "Redis", "redis": redis}},
    }


async def wait_ready(client: Client, namespace: str, patience: Patience) -> str:
    """ "" once an apply in `namespace` is answered; else, when the time is up, why it is not."""
    while True:
        why = await why_not_answered(client, namespace)
        if not why or patience.over:
            return why
        await patience.pause()


async def why_not_answered(client: Client, namespace: str) -> str:
    """ "" when the API server has the webhook's answer to a dry run, else what it says instead."""
    try:
        await client.create(QUEUES, probe(namespace), dry_run=True)
    except Invalid:
        return ""
    except NotFound:
        return f"the API server does not know {QUEUES}: install the chart headgate-crds first"
    except Forbidden as error:
        return "" if "admission webhook" in error.message else str(error)
    except ApiError as error:
        return str(error)
    return ""
