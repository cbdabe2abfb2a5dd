"""One answer of the answers that all nodes of a cluster gave to the same command. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from redis.exceptions import ResponseError

from reconciler.brokers.connect import Reply
from reconciler.brokers.questions import Command
from reconciler.brokers.redis_queue import info

_WHO: Final = ("run_id", "master_replid")
_LENGTH: Final = 40


def merged(command: Command, replies: Sequence[Reply]) -> Reply:
    """A refusal by one of them is theirs together: a part of the keys would be missing."""
    if len(replies) == 1:
        return replies[0]
    refusal = next((reply for reply in replies if isinstance(reply, ResponseError)), None)
    if refusal is not None:
        return refusal
    return _found(replies) if command[0] == "SCAN" else _introduced([info(reply) for reply in replies])


def _found(replies: Sequence[Reply]) -> Reply:
    """Keys of all; the scan is at its end where it is at each of them."""
    try:
        more = [cursor for cursor, _ in replies if cursor != b"0"]
        return [more[0] if more else b"0", [key for _, keys in replies for key in keys]]
    except (TypeError, ValueError):
        return None


def _introduced(facts: Sequence[Mapping[str, str]]) -> bytes:
    """Who they are together: somebody else as soon as one of them is, and a replica as soon as one of them is."""
    lines = [
        f"{name}:{_digest([fact[name] for fact in facts])}" for name in _WHO if all(name in fact for fact in facts)
    ]
    roles = {fact["role"] for fact in facts if "role" in fact}
    lines += [f"role:{'slave' if 'slave' in roles else min(roles)}"] if roles else []
    return "\r\n".join(lines).encode()


def _digest(names: Sequence[str]) -> str:
    return sha256(" ".join(names).encode()).hexdigest()[:_LENGTH]
