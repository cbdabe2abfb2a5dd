"""What a reading of a broker becomes: conditions, Events, numbers in status, and the next look."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from crds.v1 import QueueSpec
from reconciler import metrics
from reconciler.brokers import records
from reconciler.brokers.errors import BrokerError, BrokerUnreachable, CredentialsRefused
from reconciler.brokers.observation import Identity, Observation, estimated, exact
from reconciler.brokers.sight import Sight
from reconciler.conditions import CONFIG_APPLIED, DEAD_LETTERS, READY, RECONCILING, STALLED
from reconciler.errors import Stalled, Transient
from reconciler.keys import Key
from reconciler.memory import PoolMemory
from reconciler.observations import QueueName
from reconciler.outcome import Outcome
from reconciler.phases.queue import QUEUE, QueueState, summary
from reconciler.phases.queue.configure import configure
from reconciler.phases.queue.observe import observe
from reconciler.phases.queue.summary import summarize
from tests.reconciler.brokers.records import record
from tests.reconciler.builders import pod, pool, queue
from tests.reconciler.phases.worlds import START, World, conditions_of, with_status

NAME = QueueName("shop", "orders")
NOW = START
MASTER = Identity("one", "", "master")
SEEN = Observation(
    NOW.timestamp(), exact(7), exact(2), exact(3), exact(1), exact(0), exact(NOW.timestamp() - 90), identity=MASTER
)
AWAY = BrokerUnreachable("redis:6379: Connection refused")
READ = "Ready=True Observed: The queue is read from its broker"
FOLLOWED = "ConfigApplied=True ConfigFollowed: No worker follows an older configuration"
REFUSED = CredentialsRefused("WRONGPASS invalid username-password pair or user is disabled.")


@dataclass
class Brokers:
    """Answers from a list, the last one for ever."""

    answers: list[Observation | BrokerError]
    asked: float = 0.0

    async def observe(self, namespace: str, name: str, spec: QueueSpec, due_seconds: float) -> Observation:
        self.asked = due_seconds
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BrokerError):
            raise answer
        return answer


class OneQueue(World):
    """One queue, passed over again and again."""

    def __init__(self, brokers: Brokers) -> None:
        super().__init__(brokers)
        self.obj = queue("orders")

    async def one_pass(self) -> QueueState:
        """Runs the phases as the loop would, two seconds after the last time."""
        self.now += 2.0
        state = QUEUE.begin(self.obj, self.ctx)
        for phase in QUEUE.phases:
            await phase(state, self.ctx)
        self.obj = with_status(self.obj, summarize(state, Outcome()), state.conditions)
        return state

    def conditions(self) -> list[str]:
        return conditions_of(self.obj)


def world(*answers: Observation | BrokerError, **spec: Any) -> OneQueue:
    made = OneQueue(Brokers(list(answers)))
    made.obj["spec"] |= spec
    return made


def digest_of(state: QueueState) -> tuple[object, ...]:
    """All but the version of the object, which changes with every status; empty where there is none."""
    return state.digest[1:] if isinstance(state.digest, tuple) else ()


async def test_a_reading_is_in_status() -> None:
    one = world(SEEN)
    await one.one_pass()
    status = one.obj["status"]
    numbers = {name: status[name] for name in ("waiting", "running", "scheduled", "deadLetters", "oldestJobTime")}
    assert numbers == {
        "waiting": 7,
        "running": 2,
        "scheduled": 3,
        "deadLetters": 0,
        "oldestJobTime": "2027-01-15T07:58:30Z",
    }
    assert {name for name, method in status["methods"].items() if method == "Exact"} == set(numbers)
    assert (status["queueName"], status["observedTime"]) == ("orders", "2027-01-15T08:00:00Z")
    assert status["enforcedBy"]["rateLimit"] == "Worker"
    assert status["effective"]["retry.maxRetries"] == {"value": 3, "origin": "built-in"}
    assert one.conditions() == [READ, FOLLOWED]
    assert one.events == []


@pytest.mark.parametrize(("startups", "want"), [([], 32), ([None], 32), ([14.2], 17), ([14.2, 180.0], 182)], ids=str)
async def test_scheduled_jobs_count_as_far_ahead_as_pods_take_to_start(
    startups: list[float | None], want: float
) -> None:
    one = world(SEEN)
    for number, seconds in enumerate(startups):
        one.ctx.world.store.put(pool(f"p{number}", "orders"))
        one.ctx.pools[f"uid-p{number}"] = PoolMemory(startup_seconds=seconds)
    await one.one_pass()
    assert one.brokers.asked == want


async def test_rates_are_in_status_once_they_are_known() -> None:
    readings = [replace(SEEN, time=SEEN.time + 2 * n, enqueued=100 + 6 * n, finished=90 + 5 * n) for n in range(30)]
    one = world(*readings)
    await one.one_pass()
    assert not {"waitP95", "arrivalsPerMinute", "completionsPerMinute"} & set(one.obj["status"])
    assert one.obj["status"]["methods"]["arrivalsPerMinute"] == "Unknown"
    for _ in readings[1:]:
        await one.one_pass()
    status = one.obj["status"]
    assert (status["arrivalsPerMinute"], status["completionsPerMinute"], status["waitP95"]) == (180, 150, "2m26s")
    methods = status["methods"]
    assert (methods["arrivalsPerMinute"], methods["completionsPerMinute"]) == ("Exact", "Exact")
    assert methods["waitP95"] == "Estimated"
    assert one.ctx.metrics.value(metrics.QUEUE_RATE, *NAME, "in") == 3.0
    assert one.ctx.metrics.value(metrics.QUEUE_RATE, *NAME, "out") == 2.5


async def test_waits_that_workers_count_are_told_as_such() -> None:
    told = [record("a.1", time=SEEN.time + 2 * n, completed=n, waits={"0": n, "20": n}) for n in range(5)]
    workers = [records.parse_all({"a.1": text}, SEEN.time + 2 * n) for n, text in enumerate(told)]
    one = world(*(replace(SEEN, time=SEEN.time + 2 * n, workers=seen) for n, seen in enumerate(workers)))
    for _ in told:
        await one.one_pass()
    status = one.obj["status"]
    assert (status["waitP95"], status["methods"]["waitP95"]) == ("4s300ms", "Exact")
    assert one.ctx.metrics.value(metrics.QUEUE_WAIT, *NAME) == pytest.approx(4.2, abs=0.1)


async def test_how_long_jobs_take_in_all_is_an_estimate() -> None:
    """Jobs that wait 3.9 s and run for 2 s, all of them."""
    lengths = [{"busySeconds": 2.0 * n, "serviceSeconds": 2.0 * n, "serviceSecondsSq": 4.0 * n} for n in range(10)]
    told = [
        record("a.1", time=SEEN.time + 2 * n, completed=n, waits={"20": n}, **more) for n, more in enumerate(lengths)
    ]
    workers = [records.parse_all({"a.1": text}, SEEN.time + 2 * n) for n, text in enumerate(told)]
    one = world(*(replace(SEEN, time=SEEN.time + 2 * n, workers=seen) for n, seen in enumerate(workers)))
    for _ in told:
        await one.one_pass()
    status = one.obj["status"]
    assert (status["latencyP95"], status["methods"]["latencyP95"]) == ("5s900ms", "Estimated")
    assert (status["serviceTime"], status["methods"]["serviceTime"]) == ("2s", "Exact")
    assert one.ctx.metrics.value(metrics.QUEUE_SERVICE, *NAME) == pytest.approx(2.0)
    estimated = {name: one.ctx.metrics.value(metrics.QUEUE_ESTIMATED, *NAME, name) for name in status["methods"]}
    assert {name for name, value in estimated.items() if value} == {
        name for name, method in status["methods"].items() if method == "Estimated"
    }
    assert one.ctx.metrics.value(metrics.QUEUE_LATENCY, *NAME) == pytest.approx(5.9, abs=0.1)


async def test_how_long_jobs_run_is_an_estimate_where_no_worker_tells() -> None:
    """Two run all the time, and a job ends each second."""
    readings = [replace(SEEN, time=SEEN.time + 2 * n, enqueued=100 + 2 * n, finished=90 + 2 * n) for n in range(30)]
    one = world(*readings)
    await one.one_pass()
    assert "serviceTime" not in one.obj["status"]
    assert one.obj["status"]["methods"]["serviceTime"] == "Unknown"
    assert one.ctx.metrics.value(metrics.QUEUE_ESTIMATED, *NAME, "serviceTime") is None
    for _ in readings[1:]:
        await one.one_pass()
    status = one.obj["status"]
    assert (status["serviceTime"], status["methods"]["serviceTime"]) == ("2s", "Estimated")
    assert one.ctx.metrics.value(metrics.QUEUE_ESTIMATED, *NAME, "serviceTime") == 1


async def test_every_number_of_status_says_how_it_is_known() -> None:
    one = world(SEEN)
    await one.one_pass()
    assert set(one.obj["status"]["methods"]) == set(summary.NUMBERS)


async def test_the_oldest_job_is_estimated_where_jobs_do_not_tell() -> None:
    silent = replace(SEEN, oldest_enqueued=Observation(0.0).oldest_enqueued)
    counts = [
        replace(silent, time=SEEN.time + 2 * n, waiting=exact(min(n, 7)), enqueued=90 + n, finished=90)
        for n in range(8)
    ]
    one = world(*counts)
    for _ in counts:
        await one.one_pass()
    status = one.obj["status"]
    assert (status["oldestJobTime"], status["methods"]["oldestJobTime"]) == ("2027-01-15T08:00:00Z", "Estimated")
    assert one.ctx.metrics.value(metrics.QUEUE_OLDEST, *NAME) == pytest.approx(14.0)


@pytest.mark.parametrize(
    ("second", "want"),
    [
        (SEEN, True),
        (replace(SEEN, time=SEEN.time + 2), True),
        (replace(SEEN, waiting=exact(8)), False),
        (replace(SEEN, dead_letters=exact(1)), False),
        (replace(SEEN, running=Observation(0.0).running), False),
        (replace(SEEN, identity=replace(MASTER, run_id="two")), False),
        (AWAY, False),
    ],
    ids=["the same", "a moment later", "a number", "a dead letter", "how it is known", "a failover", "an error"],
)
async def test_a_pass_knows_whether_status_says_already_what_it_found(
    second: Observation | BrokerError, want: bool
) -> None:
    one = world(SEEN, SEEN, SEEN, SEEN, SEEN, second)
    for _ in range(5):
        before = digest_of(await one.one_pass())
    after = QUEUE.begin(one.obj, one.ctx)
    await configure(after, one.ctx)
    await observe(after, one.ctx)
    assert before
    assert (digest_of(after) == before) == want


async def test_when_a_queue_was_read_and_whether_it_is_believed_is_measured() -> None:
    one = world(SEEN, AWAY, replace(SEEN, identity=replace(MASTER, run_id="two")))
    metered = one.ctx.metrics
    await one.one_pass()
    assert metered.value(metrics.QUEUE_READ, *NAME) == START.timestamp()
    assert metered.value(metrics.QUEUE_DOUBT, *NAME) == 0
    for _ in range(2):
        with suppress(Transient):
            await one.one_pass()
    assert metered.value(metrics.QUEUE_DOUBT, *NAME) == 1


async def test_unknown_signals_are_absent() -> None:
    one = world(replace(SEEN, running=Observation(0.0).running, waiting=estimated(9)))
    await one.one_pass()
    status = one.obj["status"]
    assert "running" not in status
    assert (status["methods"]["running"], status["methods"]["waiting"]) == ("Unknown", "Estimated")


async def test_what_runs_being_unknown_is_told_where_it_matters() -> None:
    one = world(replace(SEEN, running=Observation(0.0).running))
    one.ctx.world.store.put(pool("p", "orders"))
    await one.one_pass()
    assert "what runs is unknown, so no pool shrinks" in one.conditions()[0]


async def test_what_the_broker_refuses_to_tell_is_told_in_its_own_words() -> None:
    one = world(replace(SEEN, waiting=Observation(0.0).waiting, refused="ZCARD bull:orders:prioritized: NOPERM No"))
    one.ctx.world.store.put(pool("p", "orders"))
    await one.one_pass()
    assert one.conditions()[0] == f"{READ}; no pool shrinks: ZCARD bull:orders:prioritized: NOPERM No"


async def test_the_spec_says_what_is_effective() -> None:
    one = world(SEEN, retry={"maxRetries": 9}, queueName="renamed")
    await one.one_pass()
    assert "retry.maxRetries" not in one.obj["status"]["effective"]
    assert one.obj["status"]["queueName"] == "renamed"


async def test_a_spec_that_cannot_be_read_stalls() -> None:
    one = world(SEEN, broker={"redis": {"layout": "Pile"}})
    with pytest.raises(Stalled, match=r"spec\.broker\.redis\.layout"):
        await one.one_pass()


async def test_one_failure_in_passing_is_not_shown() -> None:
    one = world(SEEN, AWAY, SEEN)
    await one.one_pass()
    with pytest.raises(Transient) as caught:
        await one.one_pass()
    assert caught.value.quiet
    await one.one_pass()
    assert one.conditions() == [READ, FOLLOWED]
    assert one.events == []


async def test_pools_hear_of_a_failure_at_once() -> None:
    one = world(SEEN, AWAY)
    await one.one_pass()
    one.woken.clear()
    with pytest.raises(Transient):
        await one.one_pass()
    assert one.woken == [NAME]
    sighting = one.ctx.observations.latest(NAME)
    assert sighting is not None
    assert cast("Sight", sighting.value).readable is None


async def test_an_outage_is_told_once_with_the_brokers_words_and_its_end_too() -> None:
    one = world(SEEN, AWAY, AWAY, AWAY, AWAY, SEEN)
    await one.one_pass()
    with pytest.raises(Transient):
        await one.one_pass()
    for _ in range(3):
        await one.one_pass()
    assert one.conditions() == [
        "Ready=False BrokerUnreachable: redis:6379: Connection refused",
        "Reconciling=True BrokerUnreachable: redis:6379: Connection refused",
        FOLLOWED,
    ]
    await one.one_pass()
    assert one.conditions() == [READ, FOLLOWED]
    assert one.events == [
        "Warning BrokerUnreachable: redis:6379: Connection refused",
        "Normal BrokerRecovered: The broker can be read again",
    ]


async def test_a_broker_that_was_never_there_is_shown_at_once() -> None:
    one = world(AWAY)
    await one.one_pass()
    assert one.conditions()[0] == "Ready=False BrokerUnreachable: redis:6379: Connection refused"


async def test_the_last_known_numbers_stay_and_are_called_unknown() -> None:
    one = world(SEEN, REFUSED)
    await one.one_pass()
    await one.one_pass()
    status = one.obj["status"]
    assert (status["waiting"], status["observedTime"]) == (7, "2027-01-15T08:00:00Z")
    assert set(status["methods"].values()) == {"Unknown"}
    assert one.ctx.metrics.value(metrics.QUEUE_JOBS, *NAME, "waiting") is None
    assert one.ctx.metrics.value(metrics.QUEUE_READS, *NAME, "CredentialsRefused") == 1


async def test_a_refused_password_stalls_and_is_tried_less_often() -> None:
    one = world(REFUSED)
    state = await one.one_pass()
    assert state.conditions.get(STALLED) is not None
    assert state.conditions.get(RECONCILING) is None
    assert state.asked is not None
    assert 9 <= state.asked <= 11


async def test_polls_are_spread() -> None:
    one, waits = world(SEEN), set()
    for _ in range(20):
        await one.one_pass()
        poll = one.ctx.polls.get(NAME)
        assert poll is not None
        waits.add(poll.due - one.now)
    assert len(waits) == 20
    assert all(1.8 <= wait <= 2.2 for wait in waits)


async def test_a_failover_is_told_for_a_minute() -> None:
    one = world(SEEN, replace(SEEN, waiting=exact(0), identity=replace(MASTER, run_id="two")))
    await one.one_pass()
    state = await one.one_pass()
    assert one.conditions() == [
        "Ready=True FailoverSuspected: "
        "The queue is read, but nothing shrinks by it for a minute: another server answers",
        FOLLOWED,
    ]
    assert (one.obj["status"]["waiting"], one.obj["status"]["methods"]["waiting"]) == (0, "Unknown")
    one.now += 60
    state = await one.one_pass()
    ready = state.conditions.get(READY)
    assert ready is not None
    assert ready.reason == "Observed"


@pytest.mark.parametrize(
    ("alert", "count", "want"), [(None, 1, True), (10, 10, False), (10, 11, True), (None, 0, False)]
)
async def test_dead_letters(alert: int | None, count: int, want: bool) -> None:
    spec = {} if alert is None else {"deadLetter": {"alertAbove": alert}}
    one = world(replace(SEEN, dead_letters=exact(count)), **spec)
    for _ in range(3):
        state = await one.one_pass()
    assert (state.conditions.get(DEAD_LETTERS) is not None) == want
    assert len(one.events) == int(want), "told once, when they appeared"


async def test_dead_letters_stay_told_while_the_broker_is_away() -> None:
    one = world(replace(SEEN, dead_letters=exact(5)), REFUSED, replace(SEEN, dead_letters=exact(6)))
    for _ in range(3):
        state = await one.one_pass()
        assert state.conditions.get(DEAD_LETTERS) is not None
    assert [event.split(":")[0] for event in one.events] == [
        "Warning DeadLettersAppeared",
        "Warning CredentialsRefused",
        "Normal BrokerRecovered",
    ]


async def test_metrics_say_what_is_known() -> None:
    one = world(SEEN)
    await one.one_pass()
    assert one.ctx.metrics.value(metrics.QUEUE_JOBS, *NAME, "waiting") == 7
    assert one.ctx.metrics.value(metrics.QUEUE_JOBS, *NAME, "dead") == 0
    assert one.ctx.metrics.value(metrics.QUEUE_OLDEST, *NAME) == 90
    one.ctx.metrics.forget(Key("Queue", *NAME))
    assert one.ctx.metrics.value(metrics.QUEUE_JOBS, *NAME, "waiting") is None


@pytest.mark.parametrize(
    ("change", "want"),
    [
        ({"oldest_enqueued": exact(None), "waiting": exact(0)}, 0.0),
        ({"oldest_enqueued": Observation(0.0).oldest_enqueued}, None),
        ({"oldest_enqueued": exact(NOW.timestamp() + 3)}, 0.0),
    ],
    ids=["nothing waits", "no job tells", "a clock that is ahead"],
)
async def test_the_age_of_the_oldest_job(change: dict[str, Any], want: float | None) -> None:
    one = world(replace(SEEN, **change))
    await one.one_pass()
    assert one.ctx.metrics.value(metrics.QUEUE_OLDEST, *NAME) == want


@pytest.mark.parametrize(
    ("acknowledged", "in_force", "want"),
    [
        pytest.param("g2", "g2", FOLLOWED, id="all follow it"),
        pytest.param(
            "g1",
            "g2",
            "ConfigApplied=False ConfigPending: Workers of p have not read the present configuration yet",
            id="one follows an older one",
        ),
        pytest.param("", "g2", FOLLOWED, id="a worker that keeps no generation says nothing"),
        pytest.param("g1", "", FOLLOWED, id="what is in force is not known yet"),
    ],
)
async def test_workers_acknowledge_the_configuration(acknowledged: str, in_force: str, want: str) -> None:
    worker = record("p-1.0a", podUID="uid-p-1", time=NOW.timestamp(), configGeneration=acknowledged)
    one = world(replace(SEEN, workers=records.parse_all({"p-1.0a": worker}, NOW.timestamp())))
    served = pool("p", "orders")
    one.ctx.world.store.put(served)
    one.ctx.world.store.put(pod("p-1", served))
    one.ctx.pools["uid-p"] = PoolMemory(generation=in_force)
    await one.one_pass()
    assert one.conditions() == [READ, want]


async def test_what_was_said_of_the_configuration_stays_said_while_the_broker_is_away() -> None:
    one = world(SEEN, AWAY)
    pending = "Workers of p have not read the present configuration yet"
    said = {"type": "ConfigApplied", "status": "False", "reason": "ConfigPending", "message": pending}
    one.obj["status"] = {"conditions": [said]}
    state = QUEUE.begin(one.obj, one.ctx)
    one.brokers.answers.pop(0)
    for phase in QUEUE.phases:
        await phase(state, one.ctx)
    kept = state.conditions.get(CONFIG_APPLIED)
    assert kept is not None
    assert (kept.status, kept.reason, kept.message) == ("False", "ConfigPending", pending)


PROMETHEUS = {"broker": {"prometheus": {"url": "http://prometheus", "queries": {"waiting": "jobs"}}}}
COUNTED = Observation(NOW.timestamp(), estimated(7), due=estimated(0), wait=estimated(1.5))


async def test_numbers_from_prometheus() -> None:
    one = world(COUNTED, **PROMETHEUS)
    one.ctx.world.store.put(pool("p", "orders"))
    await one.one_pass()
    status = one.obj["status"]
    assert (status["waiting"], status["waitP95"]) == (7, "1s500ms")
    assert "running" not in status
    known = {name for name, method in status["methods"].items() if method != "Unknown"}
    assert known == {"waiting", "waitP95"}
    assert "no pool shrinks: set broker.prometheus.queries.running" in one.conditions()[0]
    assert set(status["enforcedBy"].values()) == {"None"}
    poll = one.ctx.polls.get(NAME)
    assert poll is not None
    assert poll.due - one.now >= 4.5, "what is scraped every quarter of a minute is not asked for every second"
