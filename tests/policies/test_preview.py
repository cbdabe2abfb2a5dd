"""What a policy would do to what is stored, in the line its author reads."""

from __future__ import annotations

import gc

import pytest

from policies import MemorySnapshot
from policies.compiled import CompiledPolicy
from policies.decision import PolicyRef
from policies.preview import Preview
from policies.stored import stored
from tests.policies.objects import NOW, Object, cluster_policy, namespace, policy, pool, queue


def previewed(new: Object, *world: Object) -> tuple[str, ...]:
    preview = Preview.of(new["kind"], new, MemorySnapshot.of(world), NOW)
    for obj in world:
        if obj["kind"] in preview.kinds:
            preview.look(obj["kind"], obj)
    preview.finished.update(preview.kinds)
    return preview.sentences({})


def sized(name: str, most: int, of: str = "media") -> Object:
    return pool(name, scaling={"maxReplicas": most}, metadata={"namespace": of})


def test_violators_are_counted_and_the_first_are_named() -> None:
    pools = [sized(name, 40) for name in ("reports", "legacy-import", "a", "b", "c", "d", "e")]
    others = [sized(f"small-{number}", 3) for number in range(105)]
    strict = policy(limits={"maxReplicasPerPool": 20})
    assert previewed(strict, queue(), *pools, *others) == (
        "7 of 112 WorkerPools would violate this policy: reports, legacy-import and 5 more (checked 112)",
    )


def test_a_cluster_policy_names_namespaces() -> None:
    world = [namespace("bi"), namespace("etl"), sized("reports", 40, "bi"), sized("import", 40, "etl")]
    strict = cluster_policy(limits={"maxReplicasPerPool": 20})
    assert previewed(strict, *world) == (
        "2 of 2 WorkerPools would violate this policy: bi/reports and etl/import (checked 2)",
    )


def test_long_names_give_way_to_the_line() -> None:
    world = [sized(f"{'x' * 50}{number}", 40, "n" * 60) for number in range(3)]
    (line,) = previewed(cluster_policy(limits={"maxReplicasPerPool": 20}), *world)
    assert line == "3 of 3 WorkerPools would violate this policy (checked 3)"


@pytest.mark.parametrize(
    ("looked_at", "finished", "want"),
    [
        pytest.param((), ("Queue", "WorkerPool"), (), id="all of both kinds"),
        pytest.param(
            (sized("a", 3), sized("b", 3)),
            ("Queue",),
            ("none of the 2 checked of 112 WorkerPools would violate this policy; not all were looked at",),
            id="some of the pools",
        ),
        pytest.param(
            (queue(),),
            (),
            (
                "none of the 1 checked of 9 Queues would violate this policy; not all were looked at",
                "none of 112 WorkerPools was looked at in time; headgate policy preview looks at all of them",
            ),
            id="a queue and no pool",
        ),
        pytest.param(
            (sized("a", 40),),
            ("Queue",),
            ("1 of 112 WorkerPools would violate this policy: a (checked 1)",),
            id="a violator among some of the pools",
        ),
    ],
)
def test_a_preview_that_was_cut_off_says_so(
    looked_at: tuple[Object, ...], finished: tuple[str, ...], want: tuple[str, ...]
) -> None:
    strict = policy(limits={"maxReplicasPerPool": 20})
    preview = Preview.of(strict["kind"], strict, MemorySnapshot(), NOW)
    for obj in looked_at:
        preview.look(obj["kind"], obj)
    preview.finished.update(finished)
    assert preview.sentences({"Queue": 9, "WorkerPool": 112}) == want


def test_a_namespace_with_an_install_of_its_own_is_out_of_reach_of_cluster_policies() -> None:
    claim = {"headgate.dev/install": "etl"}
    world = [namespace("bi"), namespace("etl", **claim), sized("reports", 40, "bi"), sized("import", 40, "etl")]
    assert previewed(cluster_policy(limits={"maxReplicasPerPool": 20}), *world) == (
        "1 of 1 WorkerPools would violate this policy: bi/reports (checked 1)",
    )
    assert MemorySnapshot.of(world).count("WorkerPool") == 1


def test_the_defaults_of_a_cluster_policy_count_where_nobody_has_claimed_the_namespace() -> None:
    strict, filling = policy(limits={"maxRetries": 2}), cluster_policy(defaults={"retry": {"maxRetries": 2}})
    assert previewed(strict, filling, queue(), namespace()) == ()
    assert previewed(strict, filling, queue(), namespace(**{"headgate.dev/install": "media"})) == (
        "1 of 1 Queues would violate this policy: thumbnails (checked 1)",
    )


def test_nothing_is_said_where_nothing_would_be_refused() -> None:
    assert previewed(policy(limits={"maxReplicasPerPool": 20}), sized("small", 3)) == ()
    assert previewed(policy(match={"names": ["big*"]}, limits={"maxReplicasPerPool": 1}), sized("small", 3)) == ()


def test_the_policy_is_judged_as_it_would_be_and_alone() -> None:
    before = policy(limits={"maxReplicasPerPool": 1})
    other = policy("other", limits={"maxReplicasPerPool": 2})
    assert previewed(policy(limits={"maxReplicasPerPool": 20}), before, other, sized("small", 3)) == ()


def test_its_own_defaults_count() -> None:
    cured = policy(limits={"maxRetries": 2}, defaults={"retry": {"maxRetries": 2}})
    assert previewed(policy(limits={"maxRetries": 2}), queue()) != ()
    assert previewed(cured, queue()) == ()


def test_a_stored_object_is_judged_by_every_policy_it_is_under() -> None:
    exemption = {"name": "x", "rules": ["*"], "reason": "a good reason", "expirationTime": "2027-01-01T00:00:00Z"}
    world = MemorySnapshot.of(
        [
            policy(limits={"maxReplicasPerPool": 20}),
            policy("lenient", limits={"maxReplicasPerPool": 20}, exemptions=[exemption]),
            policy("other", match={"kinds": ["Queue"]}, limits={"maxRetries": 0}),
        ]
    )
    found = stored("WorkerPool", sized("reports", 40), world, NOW)
    assert found.policies == (PolicyRef("Policy", "lenient"), PolicyRef("Policy", "limits"))
    assert [str(one.policy) for one in found.violations] == ["Policy limits"]
    assert [one.exemption for one in found.exempted] == ["x"]


def test_nothing_of_a_preview_is_kept() -> None:
    """Anybody who may try to apply a policy may do it any number of times."""
    world = [queue(), sized("reports", 40)]
    before = compiled_policies()
    for number in range(50):
        assert previewed(policy(limits={"maxReplicasPerPool": number % 30 + 1}), *world)
    assert compiled_policies() == before


def compiled_policies() -> int:
    gc.collect()
    return sum(type(one) is CompiledPolicy for one in gc.get_objects())
