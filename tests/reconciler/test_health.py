"""The plain port, and the checks behind it."""

from __future__ import annotations

import aiohttp
import pytest

from reconciler import metrics as m
from reconciler.health import Health, served
from reconciler.metrics import Metrics
from reconciler.pulse import Pulse


async def pages(health: Health) -> dict[str, tuple[int, str]]:
    async with served(health.app(), "127.0.0.1", 0) as port, aiohttp.ClientSession() as session:
        found = {}
        for path in ("/healthz", "/readyz", "/metrics", "/else"):
            async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
                found[path] = (answer.status, await answer.text())
        return found


async def test_a_page_names_every_check_and_fails_with_one_of_them() -> None:
    metrics = Metrics()
    metrics.set(m.LEADING, value=1)
    wrong = {"watches": lambda: "pods silent for 200 s", "store": lambda: ""}
    found = await pages(Health(wrong, {"store": lambda: ""}, lambda: metrics))
    assert found["/healthz"] == (503, "[-] watches: pods silent for 200 s\n[+] store\n")
    assert found["/readyz"] == (200, "[+] store\n")
    assert found["/metrics"][0] == 200
    assert "headgate_leading 1.0" in found["/metrics"][1]
    assert found["/else"][0] == 404


async def test_a_port_that_is_taken_is_an_error() -> None:
    health = Health({}, {}, Metrics)
    async with served(health.app(), "127.0.0.1", 0) as port:
        with pytest.raises(OSError, match="address already in use"):
            async with served(health.app(), "127.0.0.1", port):
                pass


def test_a_path_is_silent_from_the_start_until_it_beats() -> None:
    now = 100.0
    pulse = Pulse(["/a", "/b"], lambda: now)
    now = 130.0
    pulse.beat("/a")
    pulse.beat("/unknown")
    now = 140.0
    assert pulse.ages() == {"/a": 10.0, "/b": 40.0}
