"""Reviews as the API server sends them, and a caller that speaks ASGI to the application like its HTTP server."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message

from crds import meta
from policies import MemorySnapshot
from webhooks.app import PATHS, create_app
from webhooks.decider import Decider
from webhooks.endpoint import Decide
from webhooks.metrics import Metrics
from webhooks.readiness import Readiness

UID = "705ab4f5-6393-11e8-b7cc-42010a800002"
PLURALS = {kind.kind: kind.plural for kind in meta.KINDS}
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def response(self) -> dict[str, Any]:
        """The response of the review in this answer, after its envelope was checked."""
        assert self.status == 200, (self.status, self.body)
        review = json.loads(self.body)
        assert review.keys() == {"apiVersion", "kind", "response"}
        assert (review["apiVersion"], review["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
        response: dict[str, Any] = review["response"]
        assert isinstance(response["allowed"], bool)
        return response

    @property
    def operations(self) -> list[dict[str, Any]]:
        assert self.response["patchType"] == "JSONPatch"
        patch: list[dict[str, Any]] = json.loads(base64.b64decode(self.response["patch"]))
        return patch


def review(new: Object | None, old: Object | None = None, **overrides: Any) -> dict[str, Any]:
    """The review of writing `new` over `old`; keyword arguments replace fields of the request, None removes them."""
    obj = new or old or {}
    operation = "DELETE" if new is None else "CREATE" if old is None else "UPDATE"
    kind = {"group": meta.GROUP, "version": meta.VERSION, "kind": obj["kind"]}
    resource = {"group": meta.GROUP, "version": meta.VERSION, "resource": PLURALS.get(obj["kind"], "")}
    request = {
        "uid": UID,
        "kind": kind,
        "resource": resource,
        "requestKind": kind,
        "requestResource": resource,
        "name": obj["metadata"]["name"],
        "namespace": obj["metadata"].get("namespace"),
        "operation": operation,
        "userInfo": {"username": "alice", "groups": ["team-media", "system:authenticated"]},
        "object": new,
        "oldObject": old,
        "dryRun": False,
        "options": {"kind": f"{operation.title()}Options", "apiVersion": "meta.k8s.io/v1"},
    } | overrides
    kept = {key: value for key, value in request.items() if value is not None}
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": kept}


def scale_review(name: str, new: int, old: int, namespace: str = "media") -> dict[str, Any]:
    """The review of `kubectl scale workerpool`."""
    before, after = (
        {
            "apiVersion": "autoscaling/v1",
            "kind": "Scale",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"replicas": replicas},
        }
        for replicas in (old, new)
    )
    kind = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    resource = {"group": meta.GROUP, "version": meta.VERSION, "resource": "workerpools"}
    return review(after, before, kind=kind, resource=resource, subResource="scale")


def app(*world: Object, decide: Decide | None = None, readiness: Readiness | None = None) -> ASGIApp:
    return create_app(decide or Decider(MemorySnapshot.of(world)), readiness or Readiness(frozenset()), Metrics(PATHS))


async def call(
    application: ASGIApp,
    path: str,
    body: bytes | Sequence[Message] = b"",
    *,
    method: str = "POST",
    query: bytes = b"timeout=5s",
) -> Answer:
    """One request. A body is sent in one message; a sequence of messages is sent as it is, and then nothing more."""
    messages = [{"type": "http.request", "body": body}] if isinstance(body, bytes) else list(body)
    sent: list[Message] = []

    async def receive() -> Message:
        if not messages:
            return await _forever()
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": [(b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 9443),
        "scheme": "https",
    }
    await application(scope, receive, send)
    if not sent:
        return Answer(0, {}, b"")
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(message["body"] for message in sent[1:]))


async def ask(application: ASGIApp, path: str, asked: Mapping[str, Any]) -> Answer:
    return await call(application, path, json.dumps(asked).encode())


async def _forever() -> Message:
    import asyncio

    await asyncio.Event().wait()
    raise AssertionError("nobody sets this event")
