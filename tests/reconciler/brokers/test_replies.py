"""However an answer is cut into pieces on its way, the same replies come out."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import InvalidResponse, ResponseError

from reconciler.brokers import replies
from reconciler.brokers.replies import MORE, Replies

LEAVES = st.one_of(st.integers(-(2**63), 2**63), st.binary(max_size=40), st.none())
ANSWERS = st.lists(st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4), max_leaves=12), max_size=6)


def wire(reply: Any) -> bytes:
    match reply:
        case None:
            return b"$-1\r\n"
        case int():
            return b":%d\r\n" % reply
        case bytes():
            return b"$%d\r\n%s\r\n" % (len(reply), reply)
        case _:
            return b"*%d\r\n%s" % (len(reply), b"".join(map(wire, reply)))


def taken(pieces: list[bytes]) -> list[Any]:
    parser, found = Replies(ResponseError), []
    for piece in pieces:
        parser.feed(piece)
        while (reply := parser.take()) is not MORE:
            found.append(reply)
    assert not parser.pending
    return found


@given(ANSWERS, st.lists(st.integers(0, 400), max_size=8))
def test_pieces_make_no_difference(answers: list[Any], cuts: list[int]) -> None:
    whole = b"".join(map(wire, answers))
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    pieces = [whole[begin:end] for begin, end in pairwise(places)]
    assert taken(pieces) == answers
    assert taken([bytes([byte]) for byte in whole]) == answers


def test_a_refusal_is_a_reply_like_others() -> None:
    found = taken([b"+OK\r\n-WRONGTYPE no list\r\n:1\r\n"])
    assert [found[0], found[2]] == [b"OK", 1]
    assert isinstance(found[1], ResponseError)
    assert str(found[1]) == "WRONGTYPE no list"


def test_a_value_that_is_too_long_reads_as_empty_wherever_it_is_cut() -> None:
    size = replies.VALUE_BYTES + 1
    whole = b"*2\r\n$%d\r\n%s\r\n:7\r\n" % (size, b"x" * size)
    assert taken([whole]) == [[b"", 7]]
    for cut in (5, 20, size, len(whole) - 5):
        assert taken([whole[:cut], whole[cut:]]) == [[b"", 7]]


def test_what_is_asked_together_has_a_bound_of_its_own() -> None:
    parser = Replies(ResponseError)
    one = b"$%d\r\n%s\r\n" % (replies.VALUE_BYTES, b"x" * replies.VALUE_BYTES)
    kept = 0
    for _ in range(2 * replies.TOGETHER_BYTES // replies.VALUE_BYTES):
        parser.begin()
        parser.feed(one)
        kept += len(parser.take())
    assert kept == replies.TOGETHER_BYTES
    parser.begin_together()
    parser.feed(one)
    assert len(parser.take()) == replies.VALUE_BYTES


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 400 Bad Request\r\n", b"\r\n", b"*1\r\n" * 100, b"x" * 100_000],
    ids=["another protocol", "an empty line", "lists in lists", "a line without end"],
)
def test_what_is_no_answer(answer: bytes) -> None:
    with pytest.raises(InvalidResponse):
        taken([answer])


def listened(parser: Replies, count: int, data: bytes, size: int) -> tuple[list[Any], bytes]:
    """So many replies out of data that comes in pieces of one size, and how they came."""
    parser.begin_together()
    parser.begin()
    found: list[Any] = []
    pieces = iter([data[at : at + size] for at in range(0, len(data), size)])
    while len(found) < count:
        reply = parser.take()
        if reply is MORE:
            parser.feed(next(pieces))
        else:
            found.append(reply)
    return found, parser.raw


@given(ANSWERS.filter(len), ANSWERS, st.integers(1, 400))
def test_what_came_in_one_piece_is_known_again_and_nothing_else_is(
    answers: list[Any], others: list[Any], size: int
) -> None:
    whole, other = (b"".join(map(wire, replies)) for replies in (answers, others))
    parser = Replies(ResponseError)
    found, raw = listened(parser, len(answers), whole, size)
    assert found == answers
    assert raw == whole or (raw == b"" and size < len(whole))
    parser.feed(other + whole)
    same = parser.again(whole)
    assert same == (other + whole).startswith(whole)
    rest = (other + whole)[len(whole) :] if same else other + whole
    left = [parser.take() for _ in range(len(others) + (0 if same else len(answers)))]
    assert b"".join(map(wire, left)) == rest
    assert not parser.pending


def test_what_was_dropped_for_want_of_room_is_not_taken_for_the_answer_when_there_is_room() -> None:
    large = wire(b"x" * replies.VALUE_BYTES)
    parser, answer = Replies(ResponseError), wire(b"job")
    parser.begin_together()
    for _ in range(replies.TOGETHER_BYTES // replies.VALUE_BYTES):
        parser.begin()
        parser.feed(large)
        assert parser.take()
    parser.begin()
    parser.feed(answer)
    assert (parser.take(), parser.raw) == (b"", b"")
