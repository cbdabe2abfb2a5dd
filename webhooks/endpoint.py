"""One review endpoint: parse once, decide, answer once. `answer` is for a body that is here as a whole; as an ASGI
application it receives one that comes in pieces.

Every input gets HTTP 200 and a review. FastAPI's own handling of bodies and errors would answer 422 and 500, which to
the API server is a broken webhook, so nothing of it is on this path.
"""

from __future__ import annotations

import asyncio
import logging
from time import perf_counter
from typing import Final, NamedTuple, Protocol

from starlette.types import Receive, Scope, Send

from crds import meta
from policies import Decision, RuleFaultError, text
from policies.fields import text as text_of
from webhooks import review as protocol
from webhooks.body import Body, Disconnected, TooLargeError
from webhooks.deadline import allotted
from webhooks.decider import KINDS
from webhooks.metrics import Metrics, Outcome
from webhooks.readiness import Readiness
from webhooks.review import BadReviewError, Review

log = logging.getLogger(__name__)

POLICIES: Final = frozenset({meta.POLICY.plural, meta.CLUSTER_POLICY.plural})
JSON: Final = (b"content-type", b"application/json")
CLOSE: Final = (b"connection", b"close")


class Decide(Protocol):
    """What the endpoint asks; `webhooks.decider.Decider` in earnest."""

    def __call__(self, review: Review, /, *, final: bool) -> Decision: ...


class Preview(Protocol):
    """What a policy would do to what is stored, as warnings; `webhooks.previewing.Previewer` in earnest."""

    async def __call__(self, review: Review, seconds: float, /) -> tuple[str, ...]: ...


async def nothing_to_preview(review: Review, seconds: float) -> tuple[str, ...]:
    """For a server that knows no stored objects."""
    return ()


class Answer(NamedTuple):
    body: bytes
    outcome: Outcome


class ReviewEndpoint:
    """`final` is true for validating admission: the object is judged as it stands, and no patch is made."""

    def __init__(
        self,
        path: str,
        decide: Decide,
        readiness: Readiness,
        large: asyncio.Semaphore,
        metrics: Metrics,
        *,
        final: bool,
        preview: Preview = nothing_to_preview,
    ) -> None:
        self._path = path
        self._decide = decide
        self._readiness = readiness
        self._large = large
        self._metrics = metrics
        self._final = final
        self._preview = preview

    @property
    def stopping(self) -> bool:
        return self._readiness.stopping

    def answer(self, body: bytes) -> bytes | None:
        """The answer to a body that is here as a whole; None where it has to be waited for."""
        started = perf_counter()
        review = self._parsed(body)
        if isinstance(review, Answer):
            answer = review
        elif self._previews(review):
            return None
        else:
            answer = self._decided(review)
        self._metrics.answered(self._path, answer.outcome, perf_counter() - started)
        return answer.body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        try:
            answer = await self._review(Body(receive), allotted(scope["query_string"]))
        except Disconnected:
            return
        self._metrics.answered(self._path, answer.outcome, perf_counter() - started)
        headers = [JSON, (b"content-length", b"%d" % len(answer.body))]
        if self.stopping:
            # The API server opens its next connection to a replica that stays.
            headers.append(CLOSE)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _review(self, body: Body, seconds: float) -> Answer:
        try:
            async with asyncio.timeout(seconds):
                whole = await body.read(self._large)
        except TimeoutError:
            message = f"the review did not arrive within {seconds:g} s"
            return _failed(body, 504, "Timeout", message, Outcome.TIMED_OUT)
        except TooLargeError:
            message = f"the review is larger than {protocol.MAX_BODY} bytes"
            return _failed(body, 413, "RequestEntityTooLarge", message, Outcome.TOO_LARGE)
        return await self._judge(whole, seconds)

    async def _judge(self, body: bytes, seconds: float) -> Answer:
        review = self._parsed(body)
        if isinstance(review, Answer):
            return review
        return await self._previewed(review, seconds) if self._previews(review) else self._decided(review)

    def _parsed(self, body: bytes) -> Review | Answer:
        try:
            return protocol.parse(body)
        except BadReviewError as error:
            return _bad(error)
        except Exception as error:
            return self._panic("", error)

    def _previews(self, review: Review) -> bool:
        """Whether the answer has to be waited for: what a policy would refuse is looked up."""
        return self._final and review.resource in POLICIES

    def _decided(self, review: Review) -> Answer:
        try:
            return self._told(review, self._decide(review, final=self._final))
        except BadReviewError as error:
            return _bad(error)
        except Exception as error:
            return self._panic(review.uid, error)

    async def _previewed(self, review: Review, seconds: float) -> Answer:
        try:
            decision = self._decide(review, final=self._final)
            if decision.allowed:
                seen = await self._preview(review, seconds)
                decision = decision.warning_too(*seen)
            return self._told(review, decision)
        except BadReviewError as error:
            return _bad(error)
        except Exception as error:
            return self._panic(review.uid, error)

    def _told(self, review: Review, decision: Decision) -> Answer:
        for violation in decision.violations:
            self._metrics.found(violation)
        if not decision.allowed:
            status = text.status(decision, KINDS[review.resource], review.name or name_of(review.old))
            refused = protocol.refusal(review.uid, status, decision.warnings, decision.audit)
            return Answer(refused, Outcome.DENIED)
        if self._final:
            allowed = protocol.allowance(review.uid, (), decision.warnings, decision.audit)
        else:
            # Warnings and notes follow from /validate, which is asked about everything this one lets pass.
            allowed = protocol.allowance(review.uid, decision.patch)
        return Answer(allowed, Outcome.ALLOWED)

    def _panic(self, uid: str, error: Exception) -> Answer:
        rule = f" in rule {error.rule}" if isinstance(error, RuleFaultError) else ""
        log.error("a review failed", exc_info=error, extra={"uid": uid, "path": self._path})
        message = f"Headgate failed{rule}: this is a defect of Headgate, not of the object; its log says where"
        return Answer(protocol.failure(uid, 500, "InternalError", message), Outcome.PANIC)


def name_of(obj: protocol.Object | None) -> str:
    """A review of `kubectl delete --all` names its object nowhere else."""
    return text_of(obj, "metadata", "name")


def _bad(error: BadReviewError) -> Answer:
    return Answer(protocol.failure(error.uid, 400, "BadRequest", error.message), Outcome.BAD_REQUEST)


def _failed(body: Body, code: int, reason: str, message: str, outcome: Outcome) -> Answer:
    """A refusal of a body that is not here as a whole; its beginning says whose it is."""
    return Answer(protocol.failure(protocol.uid_of(body.beginning), code, reason, message), outcome)
