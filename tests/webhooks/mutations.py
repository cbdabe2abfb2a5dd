"""Reviews with something wrong in them, and what every answer to one must be."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Final

import orjson
from hypothesis import strategies as st

from policies.cel.shapes import MOST_INPUT
from tests.policies.objects import Object, cluster_policy, obj, policy, pool, queue
from tests.webhooks.reviews import review, scale_review

RULES: Final[Sequence[Object]] = (
    {
        "name": "replicas",
        "expression": "object.spec.scaling.maxReplicas <= 20",
        "message": "no",
        "kinds": ["WorkerPool"],
    },
    {
        "name": "memory",
        "expression": "quantity(object.spec.?resources.limits.memory.orValue('0')).isLessThan(quantity('8Gi'))",
        "message": "no",
        "kinds": ["WorkerPool"],
    },
    {
        "name": "labels",
        "expression": "object.metadata.labels.all(key, object.metadata.labels[key] != key)",
        "messageExpression": "object.metadata.name + ' has strange labels'",
        "action": "Warn",
    },
    {
        "name": "old",
        "expression": "oldObject == null || oldObject.spec == object.spec || size(queues) < 9",
        "message": "no",
    },
    {"name": "who", "expression": "request.userInfo.groups.exists(g, g == 'a') || effective != null", "message": "no"},
)

WORLD: Final[Sequence[Object]] = (
    queue(),
    pool(),
    policy(limits={"maxReplicasPerPool": 20, "maxRate": {"jobs": 10, "per": "1s"}}, rules=list(RULES)),
    policy("persisting", defaulting="Persist", defaults={"retry": {"maxRetries": 2}, "labels": {"team": "media"}}),
    cluster_policy(allowedImages=["registry.acme.io/"], requiredLabels=[{"key": "team"}], allowedBrokers=["*.svc"]),
)
"""What reviews are judged against: every kind of rule, so that mutations meet all of them."""

_POLICY: Final = policy("applied", limits={"maxRetries": 3}, rules=list(RULES), exemptions=[])
_POD: Final = {"spec": {"containers": [{"name": "worker", "image": "registry.acme.io/a:1", "env": [{"name": "A"}]}]}}

ORIGINALS: Final[Sequence[Object]] = (
    review(pool()),
    review(pool(template=_POD, drain={"timeout": "5m"}, rollout={"maxSurge": "25%"})),
    review(pool(concurrency=2), pool()),
    review(queue(rateLimit={"jobs": 5, "per": "1s"}, retry={"backoff": {"initial": "1s", "multiplier": "1.5"}})),
    review(queue(paused=True), queue()),
    review(None, queue()),
    review(None, pool(metadata={"labels": {"team": "media"}})),
    review(_POLICY),
    review(obj("ClusterPolicy", "c", {"action": "Warn", "match": {"namespaceSelector": {}}, "rules": list(RULES)})),
    scale_review("thumbnails", 60, 0),
)

_DEEP: Final = "deep"
"""Stands for lists in lists, as deep as a parser goes; put in last, for nothing here could walk through them."""
_DEPTH: Final = 900

_ODD: Final[Sequence[Any]] = (
    None, True, False, 0, -1, 1.5, 1e308, 2**31, 2**63, -(2**63), "", " ", "x", "0", "1h", "-1s", "25%", "\x00",
    "é" * 300, "x" * 5000, "a/b", "../..", "*", "[", "{{", "2026-13-45T99:00:00Z", [], {}, [None], [[]], {"": {}},
    {"name": None}, [{"name": "a"}, {"name": "a"}], {"matchLabels": []}, "object.spec.x", "[1].all(", "Queue", _DEEP,
)  # fmt: skip

CHANGES: Final = ("set", "set", "set", "drop", "add", "double")
NOISES: Final = ("cut", "flip", "repeat")
Change = tuple[str, int, Any]

_SCALARS = st.none() | st.booleans() | st.integers(-(2**64), 2**64) | st.floats(allow_nan=False) | st.text(max_size=20)
VALUES = st.sampled_from(_ODD) | st.recursive(
    _SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=9), below, max_size=4),
    max_leaves=8,
)
_CHANGES = st.lists(
    st.tuples(st.sampled_from(CHANGES), st.integers(0, 2**16), VALUES),
    min_size=1,
    max_size=5,
)
_NOISE = st.tuples(st.sampled_from(NOISES), st.integers(0, 2**16))


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """The bytes of a review with up to five changes to its fields, and now and then one to its bytes."""
    # Most bodies are whole, or few reviews would get as far as a rule.
    noise = None if draw(st.integers(0, 9)) else draw(_NOISE)
    return mutated(draw(st.sampled_from(ORIGINALS)), draw(_CHANGES), noise)


def many_bodies(chance: Random, values: Sequence[Any], count: int) -> Iterator[bytes]:
    """So many bodies with these values in random places: drawing each of them would take longer than asking."""
    for _ in range(count):
        changes = [
            (chance.choice(CHANGES), chance.randrange(2**16), chance.choice((*values, *_ODD)))
            for _ in range(chance.randint(1, 5))
        ]
        noise = None if chance.randrange(10) else (chance.choice(NOISES), chance.randrange(2**16))
        yield mutated(chance.choice(ORIGINALS), changes, noise)


def mutated(original: Object, changes: Sequence[Change], noise: tuple[str, int] | None) -> bytes:
    document: Any = copy.deepcopy(original)
    for change, number, value in changes:
        _change(_part(document, number), change, number, copy.deepcopy(value))
    body = json.dumps(document).replace(f'"{_DEEP}"', "[" * _DEPTH + "]" * _DEPTH)
    # Half a surrogate pair is none of UTF-8, and so no body of anybody.
    encoded = body.encode("utf-8", "replace")
    return encoded if noise is None else _noisy(encoded, noise)


def _part(document: Any, number: int) -> Any:
    """Where to change something: three times of four within the object."""
    request = document.get("request")
    inside = request.get("object") if isinstance(request, dict) and number % 4 else None
    return inside or document


def _change(document: Any, change: str, number: int, value: Any) -> None:
    places = list(_places(document))
    if not places:
        return
    holder, key = places[number % len(places)]
    if change == "set":
        holder[key] = value
    elif change == "drop":
        del holder[key]
    elif isinstance(holder, list):
        holder.append(value if change == "add" else copy.deepcopy(holder[key]))
    elif change == "add":
        holder[f"{key}x"] = value
    else:
        holder[key] = [copy.deepcopy(holder[key])] * 3


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    items = list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
    for key, value in items:
        yield node, key
        yield from _places(value)


def _noisy(body: bytes, noise: tuple[str, int]) -> bytes:
    kind, at = noise[0], noise[1] % len(body)
    if kind == "cut":
        return body[:at]
    if kind == "flip":
        return body[:at] + bytes([body[at] ^ 0x15]) + body[at + 1 :]
    return body[:at] + body[at : at + 64] * 3 + body[at:]


def wrong_with(body: bytes, status: int, answer: bytes) -> str:
    """Why this is no right answer to a body on a review route; empty when it is one."""
    if status != 200:
        return f"HTTP {status}"
    told = json.loads(answer)
    if (told.get("apiVersion"), told.get("kind")) != ("admission.k8s.io/v1", "AdmissionReview"):
        return "no AdmissionReview"
    response = told["response"]
    uid = _uid(body)
    if uid is not None and response["uid"] != uid:
        return f"uid {response['uid']!r}"
    if not isinstance(response["allowed"], bool):
        return "no verdict"
    return _wrong_patch(response) if response["allowed"] else _wrong_refusal(response)


def _uid(body: bytes) -> str | None:
    """The uid to be echoed; None where there is none to be read."""
    try:
        uid = orjson.loads(body)["request"]["uid"]
    except (orjson.JSONDecodeError, TypeError, KeyError, IndexError):
        return None
    return uid if isinstance(uid, str) else None


def _wrong_patch(response: Object) -> str:
    if "status" in response or ("patch" in response) != ("patchType" in response):
        return "a status or half a patch on an allowance"
    operations = json.loads(base64.b64decode(response.get("patch", ""))) if "patch" in response else []
    if any(operation.keys() != {"op", "path", "value"} or operation["op"] != "add" for operation in operations):
        return f"patch {operations}"
    return ""


def _wrong_refusal(response: Object) -> str:
    status = response["status"]
    if status["code"] not in (400, 403, 413, 422) or not status["message"] or "patch" in response:
        return f"refused with {status}"
    if any("\n" in warning or not warning for warning in response.get("warnings", ())):
        return "a warning that the API server drops"
    return "" if len(json.dumps(status)) < MOST_INPUT else "a status without bound"
