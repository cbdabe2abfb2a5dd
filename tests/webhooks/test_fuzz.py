"""No body leads to anything but HTTP 200 and a review; `python -m bench.fuzz` asks a hundred thousand of them."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.webhooks.mutations import WORLD, bodies, wrong_with
from tests.webhooks.reviews import app, call

APP = app(*WORLD)


@settings(max_examples=300, deadline=None)
@given(bodies(), st.sampled_from(("/validate", "/default")))
def test_every_answer_is_a_review(body: bytes, path: str) -> None:
    answer = asyncio.run(call(APP, path, body))
    assert wrong_with(body, answer.status, answer.body) == "", answer.body
