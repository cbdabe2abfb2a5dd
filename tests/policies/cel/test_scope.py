"""What rules see is what they would see of the whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from policies import MemorySnapshot, Operation
from policies.cel.scope import pruned, variables, wanted
from policies.compiled import applying
from policies.facts import Facts, Object
from policies.subject import Subject
from tests.policies.objects import NOW, policy, pool, queue

PATHS = (
    ("effective", "scaling", "minReplicas"),
    ("effective", "scaling", "jobsPerReplica"),
    ("effective", "scaling", "wait"),
    ("effective", "scaling"),
    ("effective", "concurrency"),
    ("effective", "concurrency", "below"),
    ("effective", "drain", "timeout"),
    ("effective", "image"),
)
POOLS = st.builds(
    lambda scaling, spec: pool(scaling={"maxReplicas": 5, **scaling}, **spec),
    st.fixed_dictionaries(
        {}, optional={"minReplicas": st.none() | st.integers(0, 9), "wait": st.sampled_from([{}, {"target": "1m"}])}
    ),
    st.fixed_dictionaries({}, optional={"concurrency": st.integers(1, 9), "drain": st.just({"timeout": "5m"})}),
)


@given(obj=POOLS, paths=st.sets(st.sampled_from(PATHS), min_size=1), least=st.integers(0, 9))
def test_effective_values_are_those_of_the_whole(obj: Object, paths: set[tuple[str, ...]], least: int) -> None:
    inherited = policy(defaults={"scaling": {"minReplicas": least}, "drain": {"timeout": "7m"}})
    snapshot = MemorySnapshot.of([queue(), inherited])
    facts = Facts("WorkerPool", Operation.CREATE, obj, None, snapshot, NOW, final=True)
    reads = wanted("WorkerPool", paths)

    def subject() -> Subject:
        return Subject(facts, obj, None, applying("WorkerPool", obj, snapshot).views)

    whole = pruned(subject().effective.values, reads.tree["effective"])
    assert variables(subject(), reads).values == {"effective": whole}
