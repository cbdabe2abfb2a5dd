"""What the engines that are compared are asked, before any of them runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.webhook import world
from bench.webhook.beside import rules
from bench.webhook.beside.engine import Engine
from bench.webhook.beside.writes import Write
from bench.webhook.servers import Server

YES, NO = '"allowed":true', '"allowed":false'
POOL = world.pool(world.HOME, "new-pool")


def engine(*paths: str, refuses_at: int = 0) -> Engine:
    return Engine(Server("engine", pid=1, port=1, ready=0.0), Path("ca.crt"), "localhost", paths, refuses_at)


ASKED = {
    "what is fine goes to every path": (("/default", "/validate"), 0, True, [("/default", YES), ("/validate", YES)]),
    "what is refused at once goes no further": (("/default", "/validate"), 0, False, [("/default", NO)]),
    "what only the second refuses passes the first": (
        ("/mutate", "/admit"),
        1,
        False,
        [("/mutate", YES), ("/admit", NO)],
    ),
}


@pytest.mark.parametrize("case", ASKED)
def test_a_write_is_asked_about_as_the_api_server_would(case: str) -> None:
    paths, refuses_at, good, want = ASKED[case]
    calls = engine(*paths, refuses_at=refuses_at).calls(Write("a write", good, POOL))
    assert [(call["path"], call["want"]) for call in calls] == want


def test_only_the_last_path_sees_the_labels_that_are_defaulted() -> None:
    calls = engine("/default", "/validate").calls(Write("a write", good=True, new=POOL, old=POOL))
    teams = [
        [call["body"]["request"][key]["metadata"]["labels"].get("team") for key in ("object", "oldObject")]
        for call in calls
    ]
    assert teams == [[None, None], ["media", "media"]]


def test_both_engines_get_the_same_ten_rules() -> None:
    ours = [rule["expression"] for rule in rules.headgate()["spec"]["rules"]]
    template, _ = rules.gatekeeper()
    theirs = template["spec"]["targets"][0]["code"][0]["source"]["validations"]
    assert len(ours) == 10
    assert [rule["expression"] for rule in theirs] == ours
