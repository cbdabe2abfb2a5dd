"""The ConversionReview protocol, and nothing else: bytes in, objects and the wanted version out; and back.

The API server asks again and again for what a conversion fails on, and a list with one object that cannot be converted
is no list at all. So objects are converted whatever is in them; what can fail is a review that is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

API_VERSION: Final = "apiextensions.k8s.io/v1"
KIND: Final = "ConversionReview"
MAX_BODY: Final = 16 * 1024 * 1024
"""Five of the largest objects the API server takes; it sends lists one object at a time. Converting as much takes
230 MiB for a moment, which the chart's memory limit has room for."""

_UID: Final = re.compile(rb'"uid"\s*:\s*"([-0-9A-Za-z]{1,64})"')
_UID_WITHIN: Final = 4096


class BadConversionError(Exception):
    """A body that is no conversion review; `uid` is the review's where there is one."""

    def __init__(self, message: str, uid: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.uid = uid


@dataclass(frozen=True, slots=True)
class ConversionReview:
    uid: str
    wanted: str
    """The apiVersion that every object is to have."""
    objects: Sequence[Mapping[str, Any]]


def parse(body: bytes) -> ConversionReview:
    """Raises BadConversionError."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadConversionError("the body is no JSON", uid_of(body)) from error
    request = document.get("request") if isinstance(document, dict) else None
    if not isinstance(request, dict):
        raise BadConversionError("the body is no ConversionReview: it has no request")
    uid = request.get("uid")
    if not isinstance(uid, str) or not uid:
        raise BadConversionError("the review has no uid")
    if document.get("apiVersion") != API_VERSION or document.get("kind") != KIND:
        raise BadConversionError(f"the body is no ConversionReview of {API_VERSION}", uid)
    wanted, objects = request.get("desiredAPIVersion"), request.get("objects")
    if not isinstance(wanted, str):
        raise BadConversionError("the review has no desiredAPIVersion", uid)
    if not isinstance(objects, list) or not all(isinstance(obj, dict) for obj in objects):
        raise BadConversionError("the review has no list of objects", uid)
    return ConversionReview(uid, wanted, objects)


def uid_of(beginning: bytes) -> str:
    """The uid in the first bytes of a body that cannot be parsed, or ""."""
    found = _UID.search(beginning[:_UID_WITHIN])
    return found[1].decode() if found else ""


def success(uid: str, objects: Sequence[Mapping[str, Any]]) -> bytes:
    """`objects` in the order of the request's."""
    return _answer({"uid": uid, "result": {"status": "Success"}, "convertedObjects": objects})


def failure(uid: str, message: str) -> bytes:
    """The API server gives the message to whoever asked, with status 500."""
    return _answer({"uid": uid, "result": {"status": "Failure", "message": message}, "convertedObjects": []})


def _answer(response: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"apiVersion": API_VERSION, "kind": KIND, "response": response})
