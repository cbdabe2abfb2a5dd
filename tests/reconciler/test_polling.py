"""A queue at rest is read and not passed over; its news wake whom they concern, and nobody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from crds.v1 import QueueSpec
from reconciler import metrics, polling
from reconciler.brokers.errors import BrokerUnreachable, CredentialsRefused
from reconciler.brokers.observation import Identity, Observation, exact
from reconciler.brokers.observer import Found, Place
from reconciler.compliance import EVERY_SECONDS
from reconciler.keys import Key
from reconciler.observations import QueueName
from reconciler.phases.queue import QUEUE
from reconciler.phases.queue.observe import JITTER
from reconciler.polls import Poll, Polls, following
from tests.reconciler.builders import policy, queue
from tests.reconciler.phases.worlds import World

NAME = QueueName("shop", "orders")
KEY = Key("Queue", *NAME)
SPEC = QueueSpec.model_validate({"broker": {"redis": {"layout": "List", "url": "redis://redis"}}})
SEEN = Observation(1.8e9, exact(7), exact(2), exact(0), exact(0), exact(0), exact(None), identity=Identity("one"))


AWAY = BrokerUnreachable("away")


@dataclass
class Brokers:
    """Says the same to everybody; `meanwhile` happens while it is asked."""

    answer: Found = SEEN
    meanwhile: Callable[[], object] = lambda: None
    asked: int = 0

    async def observe(self, namespace: str, name: str, spec: QueueSpec, due_seconds: float) -> Observation:
        self.asked += 1
        assert isinstance(self.answer, Observation)
        return self.answer

    async def observe_each(self, places: Sequence[Place], tell: Callable[[Place, Found], None]) -> None:
        self.meanwhile()
        for place in places:
            tell(place, self.answer)


@dataclass
class Polled(World):
    """One queue after its first pass. `passes` are the keys that were woken, `later` those that were put off."""

    passes: list[Key] = field(default_factory=list)
    later: list[tuple[Key, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.brokers = Brokers()
        super().__post_init__()
        self.ctx.wake = self.passes.append
        self.ctx.wake_after = lambda key, seconds: self.later.append((key, seconds))
        self.obj = queue("orders")
        self.ctx.world.store.put(self.obj)

    async def one_pass(self) -> None:
        state = QUEUE.begin(self.obj, self.ctx)
        for phase in QUEUE.phases:
            await phase(state, self.ctx)

    async def poll(self, answer: Found) -> None:
        """The next reading gives this."""
        self.now += 3.0
        self.brokers.answer = answer
        self.woken.clear()
        await polling.read(self.ctx.polls.due(self.now), self.ctx)


@pytest.fixture
async def polled() -> Polled:
    one = Polled()
    await one.one_pass()
    return one


async def test_nothing_new_wakes_nobody(polled: Polled) -> None:
    for _ in range(5):
        await polled.poll(SEEN)
    assert (polled.passes, polled.later, polled.woken) == ([], [], [])
    sighting = polled.ctx.observations.latest(NAME)
    assert sighting is not None
    assert sighting.at == polled.now


async def test_jobs_wake_the_pools_at_once_and_the_queue_when_its_status_may_be_written(polled: Polled) -> None:
    polled.ctx.fast_at = lambda key: polled.now + 20.0
    await polled.poll(replace(SEEN, waiting=exact(8)))
    assert polled.woken == [NAME]
    assert (polled.passes, polled.later) == ([], [(KEY, 20.0)])


async def test_the_age_of_a_job_that_nobody_takes_goes_on_growing(polled: Polled) -> None:
    stuck = replace(SEEN, oldest_enqueued=exact(SEEN.time - 5))
    for later in (0, 3, 60):
        await polled.poll(replace(stuck, time=SEEN.time + later))
        assert polled.ctx.metrics.value(metrics.QUEUE_OLDEST, *NAME) == 5 + later


async def test_a_queue_under_a_policy_is_passed_over_every_minute(polled: Polled) -> None:
    await polled.poll(SEEN)
    polled.now += EVERY_SECONDS
    await polled.poll(SEEN)
    assert polled.passes == [], "no policy says anything of it"
    given = policy("limits")
    polled.ctx.snapshot.put("Policy", given)
    await polled.one_pass()
    polled.passes.clear()
    await polled.poll(SEEN)
    assert polled.passes == []
    polled.now += EVERY_SECONDS
    await polled.poll(SEEN)
    assert polled.passes == [KEY]


async def test_dead_letters_are_told_at_once(polled: Polled) -> None:
    await polled.poll(replace(SEEN, dead_letters=exact(1)))
    assert polled.passes == [KEY]


@pytest.mark.parametrize(
    "answer",
    [CredentialsRefused("no"), replace(SEEN, waiting=exact(0), identity=Identity("two"))],
    ids=["a refusal", "another server"],
)
async def test_what_is_wrong_is_left_to_the_queues_own_pass(polled: Polled, answer: Found) -> None:
    await polled.poll(answer)
    assert polled.passes == [KEY]
    assert polled.ctx.polls.get(NAME) is None


async def test_what_may_pass_is_left_to_it_when_it_happens_twice_in_a_row(polled: Polled) -> None:
    for answer in (AWAY, SEEN, AWAY):
        await polled.poll(answer)
    assert polled.passes == []
    await polled.poll(AWAY)
    assert polled.passes == [KEY]
    assert polled.ctx.polls.get(NAME) is None


async def test_every_failed_poll_is_counted(polled: Polled) -> None:
    """Also where every other one succeeds, so that nothing else tells."""
    for answer in (BrokerUnreachable("away"), SEEN, BrokerUnreachable("away"), SEEN):
        await polled.poll(answer)
    assert polled.passes == []
    assert polled.ctx.metrics.value(metrics.QUEUE_READS, *NAME, "BrokerUnreachable") == 2


async def test_one_failed_poll_is_not_believed(polled: Polled) -> None:
    await polled.poll(AWAY)
    sighting = polled.ctx.observations.latest(NAME)
    assert sighting is not None
    assert sighting.value.readable == SEEN


async def test_a_pass_reads_nothing_that_was_polled_just_now(polled: Polled) -> None:
    await polled.poll(replace(SEEN, waiting=exact(8)))
    before = polled.brokers.asked
    await polled.one_pass()
    assert polled.brokers.asked == before
    polled.now += 10.0
    await polled.one_pass()
    assert polled.brokers.asked == before + 1


async def test_another_spec_is_read_anew(polled: Polled) -> None:
    await polled.poll(SEEN)
    before = polled.brokers.asked
    polled.obj = {**polled.obj, "metadata": {**polled.obj["metadata"], "generation": 2}}
    await polled.one_pass()
    assert polled.brokers.asked == before + 1


async def test_an_answer_about_an_old_spec_is_dropped(polled: Polled) -> None:
    polled.brokers.meanwhile = lambda: polled.ctx.polls.drop(NAME)
    await polled.poll(replace(SEEN, waiting=exact(99)))
    assert polled.woken == []


async def test_a_queue_that_is_read_late_keeps_its_place(polled: Polled) -> None:
    poll = polled.ctx.polls.get(NAME)
    assert poll is not None
    interval = polled.ctx.settings.poll
    was_due = poll.due = polled.now + 3.0 - interval / 4
    polled.ctx.polls.again(poll, was_due)
    await polled.poll(SEEN)
    assert poll.due == pytest.approx(was_due + interval, abs=1.01 * JITTER * interval)


@pytest.mark.parametrize(
    ("now", "want"),
    [
        pytest.param(10.0, 12.0, id="read when it was due"),
        pytest.param(10.7, 12.0, id="read late"),
        pytest.param(11.0, 12.0, id="half an interval late"),
        pytest.param(11.5, 12.5, id="so late that its place is lost"),
        pytest.param(60.0, 61.0, id="read after all stood still for a minute"),
    ],
)
def test_when_a_queue_is_read_again(now: float, want: float) -> None:
    assert following(10.0, now, 2.0) == want


def test_a_queue_is_due_once_until_it_is_put_back() -> None:
    polls = Polls()
    poll = Poll(NAME, SPEC, 5.0, None, None, 1e9)
    polls.expect(poll)
    assert polls.due(4.9) == []
    assert polls.due(5.0) == [poll]
    assert polls.due(9.0) == []
    polls.again(poll, 6.0)
    assert polls.due(9.0) == [poll]


def test_what_takes_the_place_of_a_poll_is_due_in_its_stead() -> None:
    polls = Polls()
    old, new = (Poll(NAME, SPEC, due, None, None, 1e9) for due in (5.0, 7.0))
    polls.expect(old)
    polls.expect(new)
    polls.again(old, 6.0)
    assert polls.due(6.5) == []
    assert polls.due(7.0) == [new]
    polls.drop(NAME)
    polls.again(new, 8.0)
    assert polls.due(9.0) == []
