"""What the management API is asked about the queues of a vhost, and what its answers hold. Pure.

One listing tells of many queues: they are asked for by one pattern of their names. A queue that has not reported yet is
in it by its name alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import orjson

from reconciler.brokers.errors import AddressInvalid, ReplyInvalid
from reconciler.brokers.web.client import Page

AT_ONCE: Final = 100
"""Queues of one listing."""
PATTERN_LENGTH: Final = 3000
"""As long a pattern, percent-encoded, as fits into an address: RabbitMQ refuses one of 8 KB."""
PAGE_SIZE: Final = 500
_COUNTS: Final = ("messages", "messages_ready", "messages_unacknowledged")
_DONE: Final = ("ack", "deliver_no_ack", "get_no_ack")
"""What takes a message out of a queue because somebody has it, or is done with it."""
_COLUMNS: Final = ",".join(("name", "state", *_COUNTS, *(f"message_stats.{name}" for name in _DONE)))
CONSUMERS: Final = {"columns": "queue.name,ack_required"}


@dataclass(frozen=True, slots=True)
class Listed:
    """One queue. Counts are None until it has reported them; `done` is how many messages consumers are done with."""

    messages: int | None = None
    ready: int | None = None
    unacknowledged: int | None = None
    done: int = 0
    state: str = ""


def queues_path(vhost: str) -> str:
    return f"/api/queues/{quote(vhost, safe='')}"


def consumers_path(vhost: str) -> str:
    return f"/api/consumers/{quote(vhost, safe='')}"


def questions(names: Iterable[str]) -> Iterator[Mapping[str, str]]:
    """The queries of the listings that tell of all these queues."""
    some: list[str] = []
    length = 0
    for name in sorted(set(names)):
        escaped = re.escape(name)
        if some and (len(some) == AT_ONCE or length + len(quote(escaped)) > PATTERN_LENGTH):
            yield _question(some)
            some, length = [], 0
        some.append(escaped)
        length += len(quote(escaped)) + len(quote("|"))
    if some:
        yield _question(some)


def listed(page: Page) -> dict[str, Listed]:
    """The queues of a listing by their names, which may be others than were asked for."""
    answer = _answer(page)
    items = answer.get("items") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(items, list):
        raise ReplyInvalid("the listing of queues holds none")
    if answer.get("page_count", 1) > 1:
        raise ReplyInvalid(f"more than {PAGE_SIZE} queues have names like those asked for")
    return {item["name"]: _listed(item) for item in items if isinstance(item, dict) and "name" in item}


def unacknowledging(page: Page) -> frozenset[str]:
    """The queues with a consumer that acknowledges nothing, so that nobody knows what it runs."""
    consumers = _answer(page)
    if not isinstance(consumers, list):
        raise ReplyInvalid("the listing of consumers is none")
    try:
        return frozenset(one["queue"]["name"] for one in consumers if not one["ack_required"])
    except (KeyError, TypeError) as error:
        raise ReplyInvalid(f"the listing of consumers lacks {error}") from error


def _question(escaped: Sequence[str]) -> Mapping[str, str]:
    pattern = f"^({'|'.join(escaped)})$"
    return {"page": "1", "page_size": str(PAGE_SIZE), "use_regex": "true", "name": pattern, "columns": _COLUMNS}


def _answer(page: Page) -> Any:
    if page.status == 404:
        words = "there is no such vhost, or no management plugin at this address (404)"
        raise AddressInvalid(words)
    try:
        found = orjson.loads(page.body)
    except orjson.JSONDecodeError:
        found = None
    if page.status != 200 or not isinstance(found, dict | list):
        raise ReplyInvalid(f"the answer ({page.status}) is none of a management API")
    return found


def _listed(item: Mapping[str, Any]) -> Listed:
    messages, ready, unacknowledged = (_number(item.get(name)) for name in _COUNTS)
    stats = item.get("message_stats")
    done = sum(_number(stats.get(name)) or 0 for name in _DONE) if isinstance(stats, dict) else 0
    return Listed(messages, ready, unacknowledged, done, str(item.get("state") or ""))


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
