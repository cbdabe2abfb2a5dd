"""`headgate wait-ready` tells a webhook that answers from one that cannot be reached."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from click.testing import CliRunner

from headgate.cli import main
from headgate.patience import Patience
from headgate.startup import QUEUES, wait_ready, why_not_answered
from kube.client import Client
from kube.errors import ApiError, Forbidden, NotFound, ServerError, TooManyRequests
from kube.resources import VALIDATING_WEBHOOKS
from tests.cluster.cluster import Cluster
from tests.headgate.test_release import dead_webhook


@pytest.fixture
async def dead(kinds: Cluster, client: Client, namespace: str) -> AsyncIterator[str]:
    await client.create(VALIDATING_WEBHOOKS, dead_webhook(VALIDATING_WEBHOOKS, namespace))
    yield namespace
    await client.delete(VALIDATING_WEBHOOKS, f"headgate-{namespace}")


@pytest.mark.control_plane
async def test_an_apply_that_is_answered(kinds: Cluster, client: Client, namespace: str) -> None:
    assert await wait_ready(client, namespace, Patience(0)) == ""
    assert (await client.list(QUEUES, namespace)).items == ()


@pytest.mark.control_plane
async def test_a_webhook_that_nobody_serves(client: Client, dead: str) -> None:
    patience = Patience(15)
    while "failed calling webhook" not in (why := await why_not_answered(client, dead)):
        assert not patience.over, f"the API server does not call the webhook: {why!r}"
        await patience.pause()
    assert "failed calling webhook" in await wait_ready(client, dead, Patience(0))


@pytest.mark.control_plane
def test_as_a_command(kinds: Cluster, namespace: str) -> None:
    arguments = ["wait-ready", "--namespace", namespace, "--kubeconfig", str(kinds.kubeconfig)]
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, done.output) == (0, "ready: the API server reaches the webhook\n")


class Scripted:
    """An API server that gives one answer after the other; the last one for ever."""

    def __init__(self, *answers: ApiError | None) -> None:
        self.answers = list(answers)

    async def create(self, *_: object, **__: object) -> dict[str, object]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is not None:
            raise answer
        return {}


def refused(text: str) -> Forbidden:
    return Forbidden(text, status=403, reason="Forbidden")


@pytest.mark.parametrize(
    ("answer", "want_why"),
    [
        pytest.param(None, "", id="allowed"),
        pytest.param(refused('admission webhook "validate" denied the request: no'), "", id="refused by the webhook"),
        pytest.param(refused("cannot create queues"), "cannot create queues", id="a right that has not arrived"),
        pytest.param(NotFound("no", status=404), "install the chart headgate-crds first", id="without our kinds"),
        pytest.param(ServerError("failed calling webhook", status=500), "failed calling webhook", id="not reached"),
        pytest.param(TooManyRequests("later", status=429), "later", id="an API server under load"),
    ],
)
async def test_an_answer_means(answer: ApiError | None, want_why: str) -> None:
    why = await why_not_answered(Scripted(answer), "media")  # type: ignore[arg-type]  # only create is called
    assert (want_why in why, bool(why)) == (True, bool(want_why))


async def test_waiting_ends_with_the_first_answer_or_the_time() -> None:
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    dead = ServerError("failed calling webhook", status=500)
    patience = Patience(10, clock=lambda: now, sleep=sleep)
    assert await wait_ready(Scripted(dead, dead, None), "media", patience) == ""  # type: ignore[arg-type]
    assert now == 1.0
    assert "failed calling" in await wait_ready(Scripted(dead), "media", patience)  # type: ignore[arg-type]
    assert now == 10.0
