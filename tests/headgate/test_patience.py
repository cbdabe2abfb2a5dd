"""What is asked again, and for how long."""

from __future__ import annotations

import pytest

from headgate.patience import Patience
from kube.errors import ApiError, Conflict, Forbidden, Invalid, NotFound, ServerError, TooManyRequests, Unreachable


class World:
    """A clock that sleeping moves, and a call that fails with one error again and again."""

    def __init__(self, error: ApiError, times: int) -> None:
        self.now, self.error, self.times = 0.0, error, times

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def call(self) -> str:
        if self.times == 0:
            return "answer"
        self.times -= 1
        raise self.error


@pytest.mark.parametrize(
    ("error", "times", "want_seconds", "want_answer"),
    [
        pytest.param(Unreachable("a"), 3, 1.5, True, id="no answer passes"),
        pytest.param(ServerError("a", status=500), 3, 1.5, True, id="a broken server recovers"),
        pytest.param(Conflict("a", status=409), 1, 0.5, True, id="somebody else wrote first"),
        pytest.param(TooManyRequests("a", status=429, retry_after=7.0), 2, 14.0, True, id="as long as it is told"),
        pytest.param(Forbidden("a", status=403), 4, 2.0, True, id="a right that arrives"),
        pytest.param(Forbidden("a", status=403), 99, 10.0, False, id="a right that never comes"),
        pytest.param(NotFound("a", status=404), 1, 0.0, False, id="nothing there"),
        pytest.param(Invalid("a", status=422), 1, 0.0, False, id="a request that is wrong"),
        pytest.param(Unreachable("a"), 999, 60.0, False, id="until the time is up"),
    ],
)
async def test_ask(error: ApiError, times: int, want_seconds: float, want_answer: bool) -> None:
    world = World(error, times)
    patience = Patience(60, clock=lambda: world.now, sleep=world.sleep)
    if want_answer:
        assert await patience.ask(world.call) == "answer"
    else:
        with pytest.raises(type(error)):
            await patience.ask(world.call)
    assert world.now == want_seconds
