"""What a bench is told of objects, also of those that went while nobody could be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bench.following import tell
from kube.informer import Alive, Change, Put, Remove, Reset


def pod(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": f"uid-{name}"}}


A, B = pod("a"), pod("b")

CASES = [
    pytest.param([Put(A), Put(A), Remove(A)], ["a", "a", "a gone"], id="each change"),
    pytest.param([Reset((A, B)), Alive()], ["a", "b"], id="what is there"),
    pytest.param([Reset((A, B)), Reset((B,))], ["a", "b", "a gone", "b"], id="who went meanwhile"),
    pytest.param([Put(A), Remove(A), Reset(())], ["a", "a gone"], id="each goes once"),
]


@pytest.mark.parametrize(("changes", "want"), CASES)
def test_told(changes: list[Change], want: list[str]) -> None:
    told: list[str] = []

    def saw(obj: Mapping[str, Any], /, *, gone: bool = False) -> None:
        told.append(f"{obj['metadata']['name']} gone" if gone else obj["metadata"]["name"])

    known: dict[str, Mapping[str, Any]] = {}
    for change in changes:
        tell(known, change, saw)
    assert told == want
