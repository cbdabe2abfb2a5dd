"""Who makes a Queue's settings come true, by its layout, and what is said of those that nobody does."""

from __future__ import annotations

from typing import Any

import pytest

from crds.v1.broker import RedisLayout
from policies import decide, effective
from reconciler.phases.queue.enforcing import enforced_by, notes
from tests.policies.objects import facts, queue

WORKERS = {"rateLimit": "Worker", "retry": "Worker", "deadLetter": "Worker", "pause": "Worker", "retention": "None"}
NOBODY = dict.fromkeys(WORKERS, "None")


def spec(layout: str, **more: Any) -> dict[str, Any]:
    return {"broker": {"redis": {"layout": layout, "url": "redis://redis.shop.svc:6379/0"}}, **more}


LAYOUTS: list[Any] = [
    pytest.param(spec("List"), WORKERS, id="workers of a list read the configuration"),
    pytest.param(spec("Stream"), WORKERS, id="and those of a stream"),
    pytest.param(spec("Celery"), NOBODY, id="Celery has settings of its own"),
    pytest.param(spec("Sidekiq"), NOBODY, id="so has Sidekiq"),
    pytest.param({"broker": {"kafka": {"topic": "t"}}}, NOBODY, id="a broker that is not read yet"),
]


@pytest.mark.parametrize(("given", "want"), LAYOUTS)
def test_enforced_by(given: dict[str, Any], want: dict[str, str]) -> None:
    assert enforced_by(given) == want


SETTINGS: dict[str, Any] = {
    "rateLimit": {"jobs": 3, "per": "1s"},
    "retry": {"maxRetries": 1},
    "deadLetter": {"queueName": "d"},
    "pause": True,
}


@pytest.mark.parametrize("layout", RedisLayout.__args__)  # type: ignore[attr-defined]
@pytest.mark.parametrize("setting", SETTINGS)
def test_who_applies_a_setting_that_nobody_enforces_is_warned(layout: str, setting: str) -> None:
    field = "paused" if setting == "pause" else setting
    given = queue(layout=layout, **{field: SETTINGS[setting]})
    warned = any(field in warning for warning in decide(facts(given)).warnings)
    # The name of this library's dead letters is what they are counted by, whoever puts them there.
    counted = (layout, setting) == ("GoRedisWorkQueue", "deadLetter")
    assert warned is (enforced_by(given["spec"])[setting] == "None" and not counted)


@pytest.mark.parametrize("layout", RedisLayout.__args__)  # type: ignore[attr-defined]
def test_who_applies_a_purge_that_deletes_nothing_is_warned(layout: str) -> None:
    given = queue(layout=layout, management="Manage", deletionPolicy="Purge", deadLetter={"deletionPolicy": "Purge"})
    warned = [one for one in decide(facts(given)).warnings if "Purge deletes nothing" in one]
    said = [one for one in notes(given["spec"], effective.queue(given["spec"])) if "Purge deletes nothing" in one]
    assert len(warned) == len(said), "what status says is said at apply"


PURGES_NOTHING = "deadLetter.deletionPolicy Purge deletes nothing: that needs management Manage and the layout List or"
NOTES: list[Any] = [
    pytest.param(spec("List"), [], id="nothing to say"),
    pytest.param(spec("List", paused=True), ["paused: workers take nothing new"], id="a pause that is kept"),
    pytest.param(
        spec("RQ", paused=True),
        ["paused: no pool grows for what waits, but workers of this layout do not read it and take jobs all the same"],
        id="a pause that nobody keeps",
    ),
    pytest.param(
        spec("Celery", management="Manage", deadLetter={"deletionPolicy": "Purge"}),
        [f"{PURGES_NOTHING} Stream"],
        id="a purge where nothing is written to",
    ),
    pytest.param(
        spec("List", management="Manage", deletionPolicy="Purge", deadLetter={"deletionPolicy": "Purge"}),
        [],
        id="a purge that happens",
    ),
]


@pytest.mark.parametrize(("given", "want"), NOTES)
def test_notes(given: dict[str, Any], want: list[str]) -> None:
    assert list(notes(given, effective.queue(given))) == want
