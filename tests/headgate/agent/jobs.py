"""Jobs as the clients of Celery and RQ write them, without a client's start-up of a second."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any


def celery_job(task: str, *arguments: float, due_in: float | None = None) -> str:
    """A message of kombu 5 with a task of Celery's protocol 2."""
    name = str(uuid.uuid4())
    eta = None if due_in is None else (datetime.now(UTC) + timedelta(seconds=due_in)).isoformat()
    body = [list(arguments), {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
    headers: dict[str, Any] = {"lang": "py", "task": task, "id": name, "root_id": name, "parent_id": None}
    headers |= {"group": None, "eta": eta, "expires": None, "retries": 0, "timelimit": [None, None]}
    delivery = {"exchange": "", "routing_key": "orders"}
    properties = {"correlation_id": name, "delivery_mode": 2, "delivery_info": delivery, "priority": 0}
    properties |= {"body_encoding": "base64", "delivery_tag": str(uuid.uuid4())}
    envelope = {
        "body": base64.b64encode(json.dumps(body).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": headers,
        "properties": properties,
    }
    return json.dumps(envelope)
