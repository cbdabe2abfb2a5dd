"""Whatever comes in, HTTP 200 and a review go out, with the request's uid where there is any."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from starlette.types import Message

from policies import Decision
from tests.policies.objects import obj, pool, queue
from tests.webhooks.reviews import UID, app, ask, call, review
from webhooks.metrics import Metrics, Outcome
from webhooks.review import MAX_BODY, Review

GOOD = json.dumps(review(pool())).encode()


def altered(**request: Any) -> bytes:
    return json.dumps(review(pool(), **request)).encode()


def without(key: str) -> bytes:
    document = review(pool())
    del document["request"][key]
    return json.dumps(document).encode()


@pytest.mark.parametrize("path", ["/validate", "/default"])
@pytest.mark.parametrize(
    ("body", "want_uid", "want_message"),
    [
        pytest.param(b"", "", "the body is not JSON", id="nothing"),
        pytest.param(b"uid=1&allowed=true", "", "the body is not JSON", id="a form"),
        pytest.param(GOOD[:-1], UID, "the body is not JSON", id="a review cut off at its end"),
        pytest.param(b"\xff\xfe" + GOOD, UID, "the body is not JSON", id="no UTF-8"),
        pytest.param(b"[" * 100_000, "", "the body is not JSON", id="deeper than any parser goes"),
        pytest.param(b'{"request": {"uid": "\\ud800"}}', "", "the body is not JSON", id="half a surrogate pair"),
        pytest.param(GOOD.replace(b'"maxReplicas": 10', b'"maxReplicas": 1' + b"0" * 400), UID, "the body is not JSON"),
        pytest.param(b"[]", "", "the body is no JSON object", id="a list"),
        pytest.param(b"null", "", "the body is no JSON object", id="null"),
        pytest.param(b"{}", "", "the body is no AdmissionReview: it has no request", id="an empty object"),
        pytest.param(b'{"request": []}', "", "the body is no AdmissionReview: it has no request", id="a request list"),
        pytest.param(
            json.dumps({"kind": "ConversionReview", "request": {"uid": UID}}).encode(),
            UID,
            "the body is no AdmissionReview of admission.k8s.io/v1",
            id="another review",
        ),
        pytest.param(
            GOOD.replace(b"admission.k8s.io/v1", b"admission.k8s.io/v1beta1"),
            UID,
            "the body is no AdmissionReview of admission.k8s.io/v1",
            id="an old version",
        ),
        pytest.param(without("uid"), "", "the review has no uid", id="no uid"),
        pytest.param(altered(uid=7), "", "the review has no uid", id="a uid of a wrong type"),
        pytest.param(
            altered(operation="PATCH"), UID, "the review has no operation of CREATE, UPDATE, DELETE or CONNECT"
        ),
        pytest.param(
            altered(operation=["CREATE"]), UID, "the review has no operation of CREATE, UPDATE, DELETE or CONNECT"
        ),
        pytest.param(without("operation"), UID, "the review has no operation of CREATE, UPDATE, DELETE or CONNECT"),
        pytest.param(without("kind"), UID, "the review names no kind and resource", id="no kind"),
        pytest.param(altered(resource="queues"), UID, "the review names no kind and resource", id="a resource of text"),
        pytest.param(without("object"), UID, "a review of CREATE needs an object", id="no object"),
        pytest.param(altered(object=[]), UID, "a review of CREATE needs an object", id="an object that is a list"),
        pytest.param(altered(operation="UPDATE"), UID, "a review of UPDATE needs an oldObject", id="no old object"),
        pytest.param(
            altered(operation="CONNECT"), UID, "Headgate does not judge CONNECT of workerpools.work.headgate.dev"
        ),
        pytest.param(altered(resource={}), UID, "Headgate does not judge nothing", id="an empty resource"),
        pytest.param(
            altered(resource={"group": "", "version": "v1", "resource": "pods"}),
            UID,
            "Headgate does not judge pods",
            id="a kind of somebody else",
        ),
        pytest.param(
            altered(resource={"group": "example.com", "version": "v1", "resource": "queues"}),
            UID,
            "Headgate does not judge queues.example.com",
            id="a queue of somebody else",
        ),
        pytest.param(
            altered(subResource="exec"),
            UID,
            "Headgate does not judge CREATE of workerpools.work.headgate.dev/exec",
            id="an unknown subresource",
        ),
        pytest.param(
            altered(subResource="scale"),
            UID,
            "Headgate does not judge CREATE of workerpools.work.headgate.dev/scale",
            id="a scale that is created",
        ),
    ],
)
async def test_what_is_no_review_of_ours(path: str, body: bytes, want_uid: str, want_message: str) -> None:
    response = (await call(app(), path, body)).response
    assert response == {
        "uid": want_uid,
        "allowed": False,
        "status": {"status": "Failure", "code": 400, "reason": "BadRequest", "message": want_message},
    }


def chunks(total: int, size: int = 64 * 1024) -> list[Message]:
    first = GOOD[:400]
    sizes = [size] * (total // size) + [total % size]
    messages: list[Message] = [{"type": "http.request", "body": first, "more_body": True}]
    messages += [{"type": "http.request", "body": b" " * part, "more_body": True} for part in sizes]
    return [*messages, {"type": "http.request", "body": GOOD[400:], "more_body": False}]


async def test_a_body_above_7_mib_is_refused_with_its_uid() -> None:
    response = (await call(app(), "/validate", chunks(MAX_BODY))).response
    assert response["uid"] == UID
    assert response["status"] == {
        "status": "Failure",
        "code": 413,
        "reason": "RequestEntityTooLarge",
        "message": "the review is larger than 7340032 bytes",
    }


async def test_a_large_body_in_pieces_is_a_review_like_any_other() -> None:
    response = (await call(app(queue()), "/validate", chunks(MAX_BODY - len(GOOD)))).response
    assert response == {"uid": UID, "allowed": True}


async def test_a_review_that_does_not_arrive_in_time_is_refused_with_its_uid() -> None:
    begun: list[Message] = [{"type": "http.request", "body": GOOD[:400], "more_body": True}]
    response = (await call(app(), "/validate", begun, query=b"timeout=20ms")).response
    assert response["uid"] == UID
    assert response["status"]["message"] == "the review did not arrive within 0.018 s"
    assert (response["allowed"], response["status"]["code"], response["status"]["reason"]) == (False, 504, "Timeout")


async def test_nobody_is_answered_who_left() -> None:
    left: list[Message] = [{"type": "http.request", "body": GOOD[:400], "more_body": True}, {"type": "http.disconnect"}]
    assert (await call(app(), "/validate", left)).status == 0


async def test_a_defect_of_ours_is_a_refusal_that_says_so(caplog: pytest.LogCaptureFixture) -> None:
    def defective(_: Review, *, final: bool) -> Decision:
        raise KeyError("thumbnails")

    with caplog.at_level(logging.ERROR):
        answer = await ask(app(decide=defective), "/validate", review(pool()))
    assert answer.response["uid"] == UID
    assert answer.response["status"] == {
        "status": "Failure",
        "code": 500,
        "reason": "InternalError",
        "message": "Headgate failed: this is a defect of Headgate, not of the object; its log says where",
    }
    assert [record.levelname for record in caplog.records] == ["ERROR"]


@pytest.mark.parametrize(
    ("method", "path", "want_status"),
    [
        ("GET", "/validate", 405),
        ("PUT", "/default", 405),
        ("DELETE", "/validate", 405),
        ("POST", "/", 404),
        ("POST", "/validate/", 404),
        ("POST", "/convert", 404),
        ("POST", "/healthz", 405),
    ],
)
async def test_where_no_review_can_be(method: str, path: str, want_status: int) -> None:
    assert (await call(app(), path, GOOD, method=method)).status == want_status


@pytest.mark.parametrize("metadata", [None, [], "text", {"name": 7, "labels": [], "annotations": 3, "namespace": {}}])
@pytest.mark.parametrize("spec", [None, [], {"queues": "x"}, {"broker": []}, {"scaling": {"maxReplicas": 1e300}}])
async def test_objects_no_api_server_would_send_are_judged_and_never_break_anything(metadata: Any, spec: Any) -> None:
    for kind in ("Queue", "WorkerPool", "Policy", "ClusterPolicy"):
        odd = obj(kind, "odd", {}) | {"metadata": metadata, "spec": spec}
        asked = review(obj(kind, "odd", {}), object=odd)
        for path in ("/validate", "/default"):
            response = (await call(app(queue()), path, json.dumps(asked).encode())).response
            assert response["status"]["code"] == 422, response


def test_every_outcome_is_counted_apart() -> None:
    metrics = Metrics(("/validate",))
    for outcome in Outcome:
        metrics.answered("/validate", outcome, 0.001)
    samples = {
        sample.labels["outcome"]: sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "headgate_webhook_reviews_total"
    }
    assert samples == {outcome.value: 1.0 for outcome in Outcome}
