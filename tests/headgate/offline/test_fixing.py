"""The smallest change that would pass: what is proposed for what, and where nobody but a person may decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonpatch
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.offline.fixing import fix, resolved
from headgate.offline.judging import judge
from policies import MemorySnapshot
from tests.policies.objects import NOW, policy, pool, queue
from webhooks.manifests import Manifest

LIMITED = policy(limits={"maxReplicasPerPool": 20, "maxRate": {"jobs": 10, "per": "1s"}})


def patch(obj: dict[str, Any], *world: dict[str, Any]) -> list[Any] | None:
    snapshot = MemorySnapshot.of([*world, obj])
    verdict = judge(Manifest(obj, Path("a.yaml"), 1), snapshot, NOW)
    assert not verdict.allowed
    found = fix(verdict, snapshot, NOW)
    assert (found.patch is None) == bool(found.undecided)
    return None if found.patch is None else [tuple(operation.values()) for operation in found.patch]


def scaling(**fields: Any) -> dict[str, Any]:
    return pool(scaling={"maxReplicas": 10, **fields})


@pytest.mark.parametrize(
    ("obj", "want"),
    [
        pytest.param(
            scaling(maxReplicas=40),
            [("replace", "/spec/scaling/maxReplicas", 20)],
            id="a limit becomes the value",
        ),
        pytest.param(
            scaling(maxReplicas=40, minReplicas=30),
            [("replace", "/spec/scaling/maxReplicas", 20), ("replace", "/spec/scaling/minReplicas", 20)],
            id="every field of a limit is lowered",
        ),
        pytest.param(
            queue(rateLimit={"jobs": 11, "per": "1s", "burst": 20}),
            [("replace", "/spec/rateLimit/jobs", 10)],
            id="a rate becomes the fastest allowed",
        ),
        pytest.param(queue(), [("add", "/spec/rateLimit", {"jobs": 10, "per": "1s"})], id="a missing rate is put in"),
        pytest.param(
            scaling(minReplicas=11),
            [("replace", "/spec/scaling/minReplicas", 10)],
            id="the minimum follows the maximum",
        ),
        pytest.param(
            scaling(maxReplicas="10"), [("replace", "/spec/scaling/maxReplicas", 10)], id="quotes around a number"
        ),
        pytest.param(scaling(maxReplicas=0), [("replace", "/spec/scaling/maxReplicas", 1)], id="below the least value"),
        pytest.param(
            scaling(maxReplicas=-1),
            [("replace", "/spec/scaling/maxReplicas", 1)],
            id="what is only the echo of another mistake goes with it",
        ),
        pytest.param(
            pool(workload={"type": "statefulset"}),
            [("replace", "/spec/workload/type", "StatefulSet")],
            id="a word in other letters",
        ),
        pytest.param(
            scaling(minReplica=3),
            [("move", "/spec/scaling/minReplica", "/spec/scaling/minReplicas")],
            id="a misspelled field gets its name",
        ),
        pytest.param(scaling(colour="red"), [("remove", "/spec/scaling/colour")], id="a field nobody knows goes"),
        pytest.param(
            pool(env=[{"name": "A"}, {"name": "HEADGATE_B"}, {"name": "C"}, {"name": "HEADGATE_D"}]),
            [("remove", "/spec/env/1"), ("remove", "/spec/env/2")],
            id="variables of ours go, wherever they stand",
        ),
        pytest.param(
            pool(metadata={"annotations": {"headgate.dev/drain": "x", "a": "b"}}),
            [("remove", "/metadata/annotations/headgate.dev~1drain")],
            id="annotations of ours go",
        ),
        pytest.param(pool(image=None), None, id="which image to run is a person's decision"),
        pytest.param(queue(queueName="admin"), None, id="so is a name"),
    ],
)
def test_the_patch_that_would_pass(obj: dict[str, Any], want: list[Any] | None) -> None:
    found = patch(obj, LIMITED)
    assert found is None if want is None else sorted(found or [], key=repr) == sorted(want, key=repr)


@pytest.mark.parametrize(("values", "want"), [(["media"], "media"), (["media", "shop"], None)])
def test_a_required_label_is_set_where_there_is_one_value_for_it(values: list[str], want: str | None) -> None:
    found = patch(pool(), policy(requiredLabels=[{"key": "team", "values": values}]))
    assert found == ([("add", "/metadata/labels", {"team": want})] if want else None)


def test_a_path_is_an_index_in_lists_and_a_key_in_maps() -> None:
    obj = {"spec": {"env": [{}, {"name": "A"}]}, "metadata": {"labels": {"3": "x", "a.b/c": "y"}}}
    assert resolved(obj, "spec.env[1].name") == ("spec", "env", 1, "name")
    assert resolved(obj, "metadata.labels[3]") == ("metadata", "labels", "3")
    assert resolved(obj, "metadata.labels[a.b/c]") == ("metadata", "labels", "a.b/c")


@given(st.dictionaries(st.sampled_from(["maxReplicas", "minReplicas", "minReplica", "colour"]), st.integers(-5, 1200)))
@settings(max_examples=100, deadline=None)
def test_what_is_proposed_passes_and_no_part_of_it_is_needless(fields: dict[str, int]) -> None:
    obj = scaling(**fields)
    snapshot = MemorySnapshot.of([LIMITED, queue(), obj])
    verdict = judge(Manifest(obj, Path("a.yaml"), 1), snapshot, NOW)
    found = fix(verdict, snapshot, NOW).patch
    assert found is not None
    assert bool(found) != verdict.allowed
    assert judge(Manifest(jsonpatch.apply_patch(obj, found), Path("a.yaml"), 1), snapshot, NOW).allowed
    for left_out in found if all(operation["op"] == "replace" for operation in found) else ():
        less = jsonpatch.apply_patch(obj, [operation for operation in found if operation is not left_out])
        assert not judge(Manifest(less, Path("a.yaml"), 1), snapshot, NOW).allowed
