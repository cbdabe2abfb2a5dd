"""The conversion endpoint: parse once, convert in order, answer once.

The API server converts a list by one review an object, so what a review costs beside its conversion is most of the
cost: `answer` is for a body that is here as a whole. As an ASGI application it takes what is long or comes in pieces.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import nullcontext
from time import perf_counter
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from crds.conversion import ConversionError, convert
from webhooks import conversion_review as protocol
from webhooks.body import Body, Disconnected, TooLargeError
from webhooks.conversion_metrics import Metrics, Outcome
from webhooks.conversion_review import BadConversionError, ConversionReview
from webhooks.deadline import allotted
from webhooks.endpoint import CLOSE, JSON
from webhooks.readiness import Readiness

SLICE: Final = 50
"""Objects between two breaths, some milliseconds: probes and other reviews get their turn in a long list."""

log = logging.getLogger(__name__)


class ConversionEndpoint:
    def __init__(self, readiness: Readiness, metrics: Metrics, large: asyncio.Semaphore) -> None:
        self._readiness = readiness
        self._metrics = metrics
        self._large = large
        self._long = asyncio.Semaphore(1)

    @property
    def stopping(self) -> bool:
        return self._readiness.stopping

    def answer(self, body: bytes) -> bytes | None:
        """The answer to a body that is here as a whole; None where others should get their turn in between."""
        started = perf_counter()
        uid = ""
        try:
            review = protocol.parse(body)
            uid = review.uid
            if len(review.objects) > SLICE:
                return None
            converted = [convert(obj, review.wanted) for obj in review.objects]
            answer, outcome = protocol.success(uid, converted), Outcome.CONVERTED
            self._metrics.converted(len(converted))
        except Exception as error:
            answer, outcome = _failed(uid, error)
        self._metrics.answered(outcome, perf_counter() - started)
        return answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        try:
            answer, outcome = await self._review(Body(receive, protocol.MAX_BODY), allotted(scope["query_string"]))
        except Disconnected:
            return
        self._metrics.answered(outcome, perf_counter() - started)
        headers = [JSON, (b"content-length", b"%d" % len(answer))]
        if self.stopping:
            headers.append(CLOSE)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _review(self, body: Body, seconds: float) -> tuple[bytes, Outcome]:
        uid = ""
        try:
            async with asyncio.timeout(seconds):
                whole = await body.read(self._large)
                review = protocol.parse(whole)
                uid = review.uid
                # What a review is parsed into takes a dozen times its size: one long one at a time.
                async with self._long if len(review.objects) > SLICE else nullcontext():
                    return protocol.success(uid, await self._convert(review)), Outcome.CONVERTED
        except TimeoutError:
            uid = uid or protocol.uid_of(body.beginning)
            return protocol.failure(uid, f"not converted within {seconds:g} s"), Outcome.TIMED_OUT
        except TooLargeError:
            message = f"the review is larger than {protocol.MAX_BODY} bytes"
            return protocol.failure(protocol.uid_of(body.beginning), message), Outcome.TOO_LARGE
        except Exception as error:
            return _failed(uid, error)

    async def _convert(self, review: ConversionReview) -> list[Mapping[str, Any]]:
        converted: list[Mapping[str, Any]] = []
        for obj in review.objects:
            converted.append(convert(obj, review.wanted))
            if len(converted) % SLICE == 0:
                await asyncio.sleep(0)
        self._metrics.converted(len(converted))
        return converted


def _failed(uid: str, error: Exception) -> tuple[bytes, Outcome]:
    match error:
        case BadConversionError():
            return protocol.failure(error.uid, error.message), Outcome.BAD_REQUEST
        case ConversionError():
            return protocol.failure(uid, str(error)), Outcome.BAD_REQUEST
        case _:
            log.error("a conversion failed", exc_info=error, extra={"uid": uid})
            return protocol.failure(uid, "Headgate failed: its converter's log says where"), Outcome.PANIC
