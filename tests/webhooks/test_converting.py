"""What a conversion review gets for an answer, whatever it asks."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

import webhooks.convert
from crds import meta
from tests.crds import beta
from tests.crds.objects import cluster_policy, queue
from tests.webhooks.reviews import Answer, call
from webhooks.body import gate
from webhooks.conversion_metrics import Metrics
from webhooks.conversion_review import MAX_BODY
from webhooks.convert import SLICE, ConversionEndpoint
from webhooks.readiness import Readiness

UID: Final = "705ab4f5-6393-11e8-b7cc-42010a800002"
CHUNK: Final = 64 * 1024  # as much as the server reads at once
OBJECTS: Final = [queue(), beta.queue(), queue("mails", rateLimit={"jobs": 1, "per": "1s"})]


def review(*objects: Any, wanted: str = meta.BETA_API_VERSION, **overrides: Any) -> dict[str, Any]:
    request = {"uid": UID, "desiredAPIVersion": wanted, "objects": list(objects)} | overrides
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "request": request}


async def asked(body: bytes | dict[str, Any]) -> dict[str, Any]:
    endpoint = ConversionEndpoint(Readiness(), Metrics(), gate())
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    chunks = [raw[at : at + CHUNK] for at in range(0, len(raw), CHUNK)] or [b""]
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages[-1]["more_body"] = False
    answer: Answer = await call(endpoint, "/convert", messages, query=b"timeout=30s")
    assert answer.status == 200
    told = json.loads(answer.body)
    at_once = endpoint.answer(raw)
    if len(raw) <= CHUNK:
        assert at_once is None or json.loads(at_once) == told, "whichever way it comes, it gets the same answer"
    assert (told["apiVersion"], told["kind"]) == ("apiextensions.k8s.io/v1", "ConversionReview")
    response: dict[str, Any] = told["response"]
    return response


async def test_objects_come_back_in_their_order_and_in_one_version() -> None:
    response = await asked(review(*OBJECTS))

    assert (response["uid"], response["result"]) == (UID, {"status": "Success"})
    told = [(obj["apiVersion"], obj["metadata"]["name"]) for obj in response["convertedObjects"]]
    assert told == [(meta.BETA_API_VERSION, obj["metadata"]["name"]) for obj in OBJECTS]


async def test_any_number_of_objects() -> None:
    many = [queue(f"queue-{number}") for number in range(1000)]

    response = await asked(review(*many))

    names = [obj["metadata"]["name"] for obj in response["convertedObjects"]]
    assert names == [obj["metadata"]["name"] for obj in many]
    assert (await asked(review()))["convertedObjects"] == []


async def test_what_takes_long_is_not_answered_at_once() -> None:
    endpoint = ConversionEndpoint(Readiness(), Metrics(), gate())

    answered = [endpoint.answer(json.dumps(review(*[queue()] * count)).encode()) for count in (1, SLICE, SLICE + 1)]

    assert [answer is not None for answer in answered] == [True, True, False]


async def test_a_defect_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("lens")

    monkeypatch.setattr(webhooks.convert, "convert", broken)

    response = await asked(review(queue()))

    assert response["result"] == {"status": "Failure", "message": "Headgate failed: its converter's log says where"}


@pytest.mark.parametrize(
    ("body", "want_uid", "want_message"),
    [
        pytest.param(b"", "", "the body is no JSON", id="nothing"),
        pytest.param(b'{"request":{"uid":"abc","x":', "abc", "the body is no JSON", id="a part"),
        pytest.param(b"[]", "", "the body is no ConversionReview: it has no request", id="a list"),
        pytest.param(review(uid=5), "", "the review has no uid", id="no uid"),
        pytest.param(review(wanted=5), UID, "the review has no desiredAPIVersion", id="no version"),  # type: ignore[arg-type]  # what a caller might send
        pytest.param(review(objects={}), UID, "the review has no list of objects", id="no objects"),
        pytest.param(review(5), UID, "the review has no list of objects", id="an object that is none"),
        pytest.param(
            review() | {"apiVersion": "apiextensions.k8s.io/v1beta1"},
            UID,
            "the body is no ConversionReview of apiextensions.k8s.io/v1",
            id="an old protocol",
        ),
        pytest.param(
            review(queue(), wanted="work.headgate.dev/v2"),
            UID,
            "no conversion of Queue from work.headgate.dev/v1 to work.headgate.dev/v2",
            id="a version there is not",
        ),
        pytest.param(
            review(queue(), cluster_policy()),
            UID,
            "no conversion of ClusterPolicy from work.headgate.dev/v1 to work.headgate.dev/v1beta1",
            id="a kind of one version",
        ),
        pytest.param(
            b'{"request":{"uid":"abc","x":"' + b"x" * MAX_BODY,
            "abc",
            f"the review is larger than {MAX_BODY} bytes",
            id="too much",
        ),
    ],
)
async def test_what_is_no_review(body: bytes | dict[str, Any], want_uid: str, want_message: str) -> None:
    response = await asked(body)

    assert response == {
        "uid": want_uid,
        "result": {"status": "Failure", "message": want_message},
        "convertedObjects": [],
    }
