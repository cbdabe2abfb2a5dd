"""What commands do where another writes the same object at the same moment."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from headgate.fleet.session import ATTEMPTS, anew
from kube.errors import Conflict


@dataclass
class Contested:
    """An object that somebody else writes so many times, each just before it is written here."""

    others: int
    tried: int = 0

    async def write(self) -> str:
        self.tried += 1
        if self.tried <= self.others:
            raise Conflict("the object has been modified", status=409)
        return "written"


@pytest.mark.parametrize("others", [0, 1, ATTEMPTS - 1])
async def test_what_another_has_written_is_read_and_written_again(others: int) -> None:
    contested = Contested(others)
    assert await anew(contested.write) == "written"
    assert contested.tried == others + 1


async def test_who_is_never_let_write_is_told_so() -> None:
    contested = Contested(ATTEMPTS)
    with pytest.raises(Conflict, match="modified"):
        await anew(contested.write)
    assert contested.tried == ATTEMPTS
