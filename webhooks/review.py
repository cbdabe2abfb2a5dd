"""The AdmissionReview protocol, and nothing else: bytes in, a checked review; a verdict in, bytes out.

Any HTTP status but 200 is "failed to call webhook" to the API server, never a verdict, and so is an answer without the
request's uid. Whatever cannot be understood is therefore answered with a refusal that carries the uid if it can be
found at all. Objects are not checked here: the engine reads them as what they are, the sender's claim.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

API_VERSION: Final = "admission.k8s.io/v1"
KIND: Final = "AdmissionReview"
MAX_BODY: Final = 7 * 1024 * 1024
"""Two objects of the 3 MiB the API server takes at most, and the review around them."""

MAX_WARNINGS: Final = 4096
"""Characters of all warnings together; beyond it the API server cuts each to 256 and drops the rest."""

OPERATIONS: Final = frozenset({"CREATE", "UPDATE", "DELETE", "CONNECT"})

# Written first by the API server, so it is within the first bytes even of a body too large to read.
_UID: Final = re.compile(rb'"request"\s*:\s*\{\s*"uid"\s*:\s*"([-0-9A-Za-z]{1,64})"')
_UID_WITHIN: Final = 4096

Object = Mapping[str, Any]


class Review(NamedTuple):
    """The request of one review. `new` and `old` are there or not as the operation has it; `size` is in bytes.

    `manager` is the field manager that the client names; "" where it leaves that to the API server.
    """

    uid: str
    group: str
    resource: str
    subresource: str
    kind: str
    operation: str
    namespace: str
    name: str
    new: Object | None
    old: Object | None
    user: str
    groups: tuple[str, ...]
    dry_run: bool
    size: int = 0
    manager: str = ""


class BadReviewError(Exception):
    """The body is no review that can be judged; `uid` is as much of an identity as was found."""

    def __init__(self, message: str, uid: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.uid = uid


def parse(body: bytes) -> Review:
    """The review in a body. Raises BadReviewError with what is wrong with it, never with what it holds."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadReviewError("the body is not JSON", uid_of(body)) from None
    if not isinstance(document, dict):
        raise BadReviewError("the body is no JSON object")
    request = document.get("request")
    if not isinstance(request, dict):
        raise BadReviewError("the body is no AdmissionReview: it has no request")
    uid = request.get("uid")
    if not isinstance(uid, str) or not uid:
        raise BadReviewError("the review has no uid")
    if document.get("apiVersion") != API_VERSION or document.get("kind") != KIND:
        raise BadReviewError(f"the body is no AdmissionReview of {API_VERSION}", uid)
    return _request(request, uid, len(body))


def _request(request: dict[str, Any], uid: str, size: int) -> Review:
    operation = request.get("operation")
    if not isinstance(operation, str) or operation not in OPERATIONS:
        raise BadReviewError("the review has no operation of CREATE, UPDATE, DELETE or CONNECT", uid)
    resource, kind = request.get("resource"), request.get("kind")
    if not isinstance(resource, dict) or not isinstance(kind, dict):
        raise BadReviewError("the review names no kind and resource", uid)
    new, old = request.get("object"), request.get("oldObject")
    if operation in ("CREATE", "UPDATE") and not isinstance(new, dict):
        raise BadReviewError(f"a review of {operation} needs an object", uid)
    if operation == "UPDATE" and not isinstance(old, dict):
        raise BadReviewError("a review of UPDATE needs an oldObject", uid)
    user = request.get("userInfo")
    user = user if isinstance(user, dict) else {}
    groups, options = user.get("groups"), request.get("options")
    return Review(
        uid=uid,
        group=_text(resource, "group"),
        resource=_text(resource, "resource"),
        subresource=_text(request, "subResource"),
        kind=_text(kind, "kind"),
        operation=operation,
        namespace=_text(request, "namespace"),
        name=_text(request, "name"),
        new=new if isinstance(new, dict) else None,
        old=old if isinstance(old, dict) else None,
        user=_text(user, "username"),
        groups=tuple(groups) if isinstance(groups, list) else (),
        dry_run=request.get("dryRun") is True,
        size=size,
        manager=_text(options, "fieldManager") if isinstance(options, dict) else "",
    )


def uid_of(beginning: bytes) -> str:
    """The uid in the first bytes of a body that cannot be parsed, or ""."""
    found = _UID.search(beginning[:_UID_WITHIN])
    return found[1].decode() if found else ""


def allowance(
    uid: str,
    patch: Sequence[Mapping[str, Any]] = (),
    warnings: Sequence[str] = (),
    audit: Mapping[str, str] | None = None,
) -> bytes:
    response: dict[str, Any] = {"uid": uid, "allowed": True}
    if patch:
        response["patchType"] = "JSONPatch"
        response["patch"] = base64.b64encode(orjson.dumps(patch)).decode()
    return _answer(response, warnings, audit)


def refusal(
    uid: str,
    status: Mapping[str, Any],
    warnings: Sequence[str] = (),
    audit: Mapping[str, str] | None = None,
) -> bytes:
    """`status` is a metav1.Status; a code below 400 would be raised to 400 by the API server."""
    return _answer({"uid": uid, "allowed": False, "status": status}, warnings, audit)


def failure(uid: str, code: int, reason: str, message: str) -> bytes:
    """A refusal for a reason that lies in the request or in us, not in the object."""
    return refusal(uid, {"status": "Failure", "code": code, "reason": reason, "message": message})


def _answer(response: dict[str, Any], warnings: Sequence[str], audit: Mapping[str, str] | None) -> bytes:
    if warnings:
        response["warnings"] = fitting(warnings)
    if audit:
        response["auditAnnotations"] = audit
    return orjson.dumps({"apiVersion": API_VERSION, "kind": KIND, "response": response})


def fitting(warnings: Sequence[str]) -> list[str]:
    """As many warnings, each once, as the API server passes on uncut, and how many there are beyond them."""
    distinct = list(dict.fromkeys(warnings))
    room = MAX_WARNINGS - len("and 9999 more")
    kept: list[str] = []
    for number, warning in enumerate(distinct):
        room -= len(warning)
        if room < 0:
            return [*kept, f"and {len(distinct) - number} more"]
        kept.append(warning)
    return kept


def _text(mapping: Mapping[str, Any], key: str) -> str:
    value = mapping.get(key)
    return value if isinstance(value, str) else ""
