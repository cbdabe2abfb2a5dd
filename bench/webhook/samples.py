"""Objects that break the rules, each and at once: what both servers must find alike before their speed is compared."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

from bench.webhook import world
from bench.webhook.world import HOME, Object

POOL: Final[dict[str, dict[str, Any]]] = {
    "nothing wrong": {},
    "too many replicas, in every field": {
        "scaling.maxReplicas": 400,
        "scaling.minReplicas": 300,
        "scaling.fallback": {"replicas": 200},
        "hold": {"replicas": 500},
    },
    "an image from elsewhere": {"image": "docker.io/nginx:1.27"},
    "an owner that is missing": {"-labels": None},
    "a version that is not the tag": {"version": "9.9.9"},
    "a queue that is not there": {"queues": [{"name": "jobs-00"}]},
    "a hold above the maximum": {"hold": {"replicas": 15}},
    "a hold that is over": {"hold": {"replicas": 2, "until": "2020-01-01T00:00:00Z"}},
    "a time zone that does not exist": {
        "scaling.schedules": [
            {"name": "a", "schedule": "0 9 * * *", "timeZone": "Europe/Nowhere", "duration": "1h", "minReplicas": 3}
        ]
    },
    "a minute that does not exist": {
        "scaling.schedules": [{"name": "a", "schedule": "61 9 * * *", "duration": "1h", "minReplicas": 3}]
    },
    "a day that never comes": {
        "scaling.schedules": [{"name": "a", "schedule": "0 9 30 2 *", "duration": "1h", "minReplicas": 3}]
    },
    "a drain that ends jobs": {"drain": {"timeout": "5m", "onTimeout": "Kill"}},
    "a drain asked of the broker": {"drain": {"method": "Broker"}},
    "weights": {"queues": [{"name": "jobs-000", "weight": 3}]},
    "a StatefulSet": {"workload": {"type": "StatefulSet"}},
    "a Deployment taken over": {"takeOver": {"deploymentName": "old-workers"}},
    "a variable of ours": {"env": [{"name": "HEADGATE_QUEUES", "value": "x"}]},
    "a variable of ours in a template": {
        "template": {"spec": {"containers": [{"name": "sidecar", "env": [{"name": "HEADGATE_X", "value": "x"}]}]}}
    },
    "labels of ours in a template": {
        "template": {"metadata": {"labels": {"headgate.dev/pool": "x", "argocd.argoproj.io/instance": "y"}}}
    },
    "a break-glass in a template": {"template": {"metadata": {"annotations": {"headgate.dev/break-glass": "x"}}}},
    "a mounted image from elsewhere": {
        "template": {"spec": {"volumes": [{"name": "model", "image": {"reference": "docker.io/model:1"}}]}}
    },
    "a grace period that is too short": {"template": {"spec": {"terminationGracePeriodSeconds": 30}}},
    "more jobs than are fetched": {"concurrency": 9, "maxInFlight": 8},
    "an annotation of ours": {"@headgate.dev/drain": "now"},
    "a break-glass without a reason": {"@headgate.dev/break-glass": "2099-01-01T00:00:00Z"},
    "a break-glass that is over": {"@headgate.dev/break-glass": "2020-01-01T00:00:00Z database is down"},
}
QUEUE: Final[dict[str, dict[str, Any]]] = {
    "nothing wrong": {},
    "too fast": {"rateLimit": {"jobs": 5000, "per": "1s"}},
    "no rate": {"rateLimit": None},
    "a burst that is too small": {"rateLimit": {"jobs": 50, "per": "1s", "burst": 2}},
    "a reserved name": {"queueName": "system"},
    "a name of another queue": {"queueName": "jobs-001"},
    "a name of another namespace's queue": {"queueName": "jobs-900"},
    "dead letters that come back": {"queueName": "jobs-002-dead", "deadLetter": {"queueName": "jobs-002"}},
    "a token in the address": {"broker.redis.url": "redis://redis.media.svc:6379/0?token=secret"},
    "jobs longer than Celery waits": {
        "broker": {"redis": {"layout": "Celery", "url": "redis://redis.media.svc:6379/0"}},
        "maxJobDuration": "2h",
    },
    "RabbitMQ": {"broker": {"rabbitmq": {"url": "amqp://rabbit.media.svc:5672"}}, "maxJobDuration": "2h"},
    "sentinels": {
        "broker": {"redis": {"layout": "List", "sentinel": {"masterName": "m", "addresses": ["sentinel.svc:26379"]}}}
    },
    "Manage and Purge": {"management": "Manage", "deletionPolicy": "Purge"},
    "what removes nothing": {"retention": {"completed": "1h"}},
    "waits that shrink": {"retry": {"backoff": {"initial": "2m", "max": "1m"}}},
}


def reviews() -> Iterator[Object]:
    """Every sample as a creation and as a change of an object that was fine, at both paths."""
    for kind, samples in (("WorkerPool", POOL), ("Queue", QUEUE)):
        for name, changes in samples.items():
            fine = world.queue(HOME, "new-queue") if kind == "Queue" else _pool()
            changed = _changed(fine, changes)
            for old in (None, fine):
                for path in ("/default", "/validate"):
                    yield {"name": f"{name}, {path}", "path": path, "body": world.review(changed, old)}
    fine, named = _pool(), _managed(_pool(), "argocd-controller")
    yield _validated("an edit of what Argo CD manages", _changed(fine, {"concurrency": 5}), named)
    yield _validated("a limit that was exceeded before", _over(_pool(), 8), _over(_pool(), 4))
    yield _validated("a limit that is exceeded by more", _over(_pool(), 4, 500), _over(_pool(), 4))
    busy = world.review(world.queue(HOME, "jobs-000"), world.queue(HOME, "jobs-000"), operation="DELETE", object=None)
    yield {"name": "the deletion of a queue in use", "path": "/validate", "body": busy}
    for replicas in (5, 15, 60):
        scale = world.scale("jobs-000", replicas)
        yield {"name": f"scaling to {replicas}", "path": "/validate", "body": scale}


def _validated(name: str, new: Object, old: Object) -> Object:
    return {"name": name, "path": "/validate", "body": world.review(new, old)}


def _pool() -> Object:
    return world.labelled(world.pool(HOME, "new-pool", queues=[{"name": "jobs-000"}]))


def _over(pool: Object, concurrency: int, replicas: int = 300) -> Object:
    return _changed(pool, {"concurrency": concurrency, "scaling.maxReplicas": replicas})


def _managed(obj: Object, manager: str) -> Object:
    changed = copy.deepcopy(obj)
    changed["metadata"]["managedFields"][0] |= {
        "manager": manager,
        "fieldsV1": {"f:spec": {"f:concurrency": {}, "f:image": {}}},
    }
    return changed


def _changed(obj: Object, changes: dict[str, Any]) -> Object:
    """`a.b` is a field of the spec, `@key` an annotation, `-labels` takes all labels away."""
    changed = copy.deepcopy(obj)
    for path, value in changes.items():
        if path.startswith("@"):
            changed["metadata"]["annotations"][path[1:]] = value
        elif path == "-labels":
            changed["metadata"]["labels"] = {"tier": "back"}
        else:
            *parents, last = path.split(".")
            holder = changed["spec"]
            for key in parents:
                holder = holder[key]
            if value is None:
                holder.pop(last, None)
            else:
                holder[last] = value
    return changed
