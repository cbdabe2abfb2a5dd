"""Celery's control channel on Redis, as kombu 5 writes it: commands go out by PUBLISH, answers come back in a list.

A request goes to every worker of the application and is answered by those it names. The list of answers is this
agent's own, under one name for its whole life: every binding that is left behind costs each worker time.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from headgate.agent.connecting import Link

SEPARATOR: Final = "\x06\x16"
EXCHANGE: Final = "celery.pidbox"
REPLIES: Final = "reply.celery.pidbox"
ANSWER_SECONDS: Final = 1.0
KEPT_SECONDS: Final = 60

Request = tuple[str, Mapping[str, Any]]
"""A command and its arguments."""


class Pidbox:
    """`own` names the list of answers; `prefix` is kombu's global_keyprefix, `database` the number of Redis's."""

    def __init__(self, link: Link, own: str, database: int = 0, prefix: str = "") -> None:
        self._link = link
        self._own = own
        self._channel = f"{prefix}/{database}.{EXCHANGE}"
        self._queue = f"{own}.{REPLIES}"
        self._key = f"{prefix}{self._queue}"
        self._bindings = f"{prefix}_kombu.binding.{REPLIES}"

    def ask(self, node: str, *requests: Request) -> list[Any] | None:
        """What `node` answers to each; None unless it answers all of them within a second."""
        tickets = [uuid.uuid4().hex for _ in requests]
        messages = [self._message(node, ticket, *request) for ticket, request in zip(tickets, requests, strict=True)]
        self._link.ask_all(
            [
                ("SADD", self._bindings, self._binding),
                *(("PUBLISH", self._channel, message) for message in messages),
                ("EXPIRE", self._key, KEPT_SECONDS),
            ]
        )
        answers = self._collect(node, tickets)
        return [answers[ticket] for ticket in tickets] if len(answers) == len(tickets) else None

    def close(self) -> None:
        self._link.ask_all((("SREM", self._bindings, self._binding), ("DEL", self._key)))

    @property
    def _binding(self) -> str:
        return SEPARATOR.join((self._own, "", self._queue))

    def _collect(self, node: str, tickets: Sequence[str]) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        ends = time.monotonic() + ANSWER_SECONDS
        while len(answers) < len(tickets) and (left := ends - time.monotonic()) > 0:
            reply = self._link.ask("BRPOP", self._key, f"{left:.3f}")
            if reply is None:
                break
            ticket, answer = _opened(reply[1], node)
            if ticket in tickets:
                answers[ticket] = answer
        return answers

    def _message(self, node: str, ticket: str, command: str, arguments: Mapping[str, Any]) -> str:
        body = {
            "method": command,
            "arguments": arguments,
            "destination": [node],
            "pattern": None,
            "matcher": None,
            "ticket": ticket,
            "reply_to": {"exchange": REPLIES, "routing_key": self._own},
        }
        properties = {
            "delivery_mode": 2,
            "delivery_info": {"exchange": EXCHANGE, "routing_key": ""},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": ticket,
        }
        envelope = {
            "body": base64.b64encode(json.dumps(body).encode()).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"clock": 0, "expires": time.time() + 10 * ANSWER_SECONDS},
            "properties": properties,
        }
        return json.dumps(envelope)


def _opened(message: bytes, node: str) -> tuple[str, Any]:
    """The ticket and what this node answers; empty for what is none of ours."""
    try:
        envelope = json.loads(message)
        answers = json.loads(base64.b64decode(envelope["body"]))
        return str(envelope["headers"]["ticket"]), answers[node]
    except (KeyError, TypeError, ValueError):
        return "", None
