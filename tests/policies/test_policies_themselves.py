"""What is wrong with a policy itself, in the words its author reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policies import decide
from policies.text import line
from tests.policies.objects import Object, cluster_policy, facts, policy

LIMITS = {"maxReplicasPerPool": 20}


def told(new: Object, old: Object | None = None) -> list[str]:
    decision = decide(facts(new, old=old))
    return [f"* {line(violation)}" for violation in decision.denied] + list(decision.warnings)


def exempting(**fields: Any) -> Object:
    least = {"name": "import", "rules": ["*"], "reason": "the import of 2026", "expirationTime": "2027-06-01T00:00:00Z"}
    return {**least, "match": {"names": ["import-*"]}, **fields}


def with_exemption(**fields: Any) -> Object:
    return policy(limits=LIMITS, exemptions=[exempting(**fields)])


@pytest.mark.parametrize(
    ("new", "want"),
    [
        pytest.param(policy(limits=LIMITS), [], id="a policy that says something"),
        pytest.param(policy(), ["spec: says nothing: set limits, lists, defaults or rules"], id="one that is silent"),
        pytest.param(
            policy(limits={"maxRetries": 5}, defaults={"retry": {"maxRetries": 9}}),
            [
                "* spec.defaults.retry.maxRetries: Invalid value: at most 5, by limits.maxRetries of this policy",
            ],
            id="a default above its own limit",
        ),
        pytest.param(
            policy(limits={"maxRate": {"jobs": 5, "per": "1s"}}, defaults={"rateLimit": {"jobs": 301, "per": "1m"}}),
            ["* spec.defaults.rateLimit: Invalid value: at most 5 per 1s, by limits.maxRate of this policy"],
            id="a default rate above its own limit",
        ),
        pytest.param(
            policy(limits={"maxDrainTimeout": "1h", "minDrainTimeout": "5m"}, defaults={"drain": {"timeout": "2m"}}),
            ["* spec.defaults.drain.timeout: Invalid value: at least 5m, by limits.minDrainTimeout of this policy"],
            id="a default below its own minimum",
        ),
        pytest.param(
            policy(
                limits={"maxResourcesPerReplica": {"memory": "1Gi"}},
                defaults={"resources": {"limits": {"memory": "2Gi"}}},
            ),
            [
                "* spec.defaults.resources: Invalid value: at most 1Gi memory in all containers of a replica together,"
                " by limits.maxResourcesPerReplica of this policy"
            ],
            id="default resources above their own limit",
        ),
        pytest.param(
            policy(requiredLabels=[{"key": "tier", "values": ["a", "b"]}], defaults={"labels": {"tier": "c"}}),
            ["* spec.defaults.labels[tier]: Invalid value: one of a, b, by requiredLabels of this policy"],
            id="a default label with a value it does not allow",
        ),
        pytest.param(
            policy(limits=LIMITS, defaults={"scaling": {"minReplicas": 21}}),
            [
                "* spec.defaults.scaling.minReplicas: Invalid value: 21: at most 20, by limits.maxReplicasPerPool of"
                " this policy"
            ],
            id="a default minimum above the maximum",
        ),
        pytest.param(
            policy(limits={"minDrainTimeout": "2h", "maxDrainTimeout": "1h"}),
            ['* spec.limits.minDrainTimeout: Invalid value: "2h": must not be longer than maxDrainTimeout, 1h'],
            id="limits that exclude each other",
        ),
        pytest.param(
            policy(limits={"maxConcurrency": 0}),
            ["* spec.limits.maxConcurrency: Invalid value: 0: at least 1, or no WorkerPool could exist"],
            id="a limit nothing can keep",
        ),
        pytest.param(
            policy(limits={"maxRetries": 2}),
            ["spec.limits.maxRetries: 3 is built in: set spec.defaults.retry.maxRetries, or every Queue must say it"],
            id="a limit below what is built in",
        ),
    ],
)
def test_a_policy_does_not_contradict_itself(new: Object, want: list[str]) -> None:
    found = [one for one in told(new) if "no effect" not in one]
    assert [one for one in found if not (want and want[0].startswith("*")) or one.startswith("*")] == want


@pytest.mark.parametrize(
    ("new", "want"),
    [
        pytest.param(with_exemption(), [], id="every rule, for long"),
        pytest.param(
            with_exemption(rules=["maxReplicasPerPol"]),
            [
                '* spec.exemptions[0].rules[0]: Unsupported value: "maxReplicasPerPol": no such rule;'
                ' did you mean "maxReplicasPerPool"?'
            ],
            id="a rule that does not exist",
        ),
        pytest.param(
            with_exemption(rules=["maxReplicasPerPool", "something-else"]),
            [
                '* spec.exemptions[0].rules[1]: Unsupported value: "something-else": no such rule;'
                " name a limit, a list, or a rule of this policy"
            ],
            id="one that is like none",
        ),
        pytest.param(
            with_exemption(rules=["allowedImages"]),
            [
                "spec.exemptions[0].rules[0]: this policy does not set allowedImages, and an exemption acts on its own"
                " policy only"
            ],
            id="a rule this policy does not set",
        ),
        pytest.param(
            with_exemption(expirationTime="2026-11-23T12:00:00Z"),
            [
                '* spec.exemptions[0].expirationTime: Invalid value: "2026-11-23T12:00:00Z": is over already: give it a'
                " later end, or remove the exemption"
            ],
            id="one that is over",
        ),
        pytest.param(
            with_exemption(expirationTime="2026-11-25T13:00:00Z"),
            ["spec.exemptions[0].expirationTime: import ends in 2 days: its rules hold again then"],
            id="one that ends soon",
        ),
        pytest.param(
            with_exemption(match={"namespaces": ["bi"]}),
            ["spec.exemptions[0].match.namespaces: has no meaning here: a Policy is about its own namespace only"],
            id="namespaces in a namespace's own policy",
        ),
    ],
)
def test_exemptions(new: Object, want: list[str]) -> None:
    assert told(new) == want


def test_an_exemption_that_ran_out_never_blocks_another_edit() -> None:
    old = with_exemption(expirationTime="2026-11-01T00:00:00Z")
    new = {**old, "spec": {**old["spec"], "limits": {"maxReplicasPerPool": 30}}}
    assert told(new, old=old) == []


@pytest.mark.parametrize(
    ("new", "want"),
    [
        pytest.param(cluster_policy(limits=LIMITS), [], id="every namespace, said on purpose"),
        pytest.param(
            cluster_policy(limits=LIMITS, match={"namespaceSelector": {"matchLabels": {}}}),
            [
                "* spec.match.namespaceSelector: Invalid value: an empty selector means every namespace: write {} if"
                " that is meant"
            ],
            id="every namespace, by accident",
        ),
        pytest.param(
            policy(limits=LIMITS, match={"labelSelector": {}}),
            [
                "* spec.match.labelSelector: Invalid value: an empty selector means everything: leave it out, or say"
                " which labels"
            ],
            id="an empty selector",
        ),
        pytest.param(
            policy(limits=LIMITS, match={"labelSelector": {"matchlabels": {"tier": "x"}}}),
            [
                '* spec.match.labelSelector.matchlabels: Invalid value: no such field; did you mean "matchLabels"?',
                "* spec.match.labelSelector: Invalid value: an empty selector means everything: leave it out, or say"
                " which labels",
            ],
            id="a misspelt selector",
        ),
        pytest.param(
            policy(limits=LIMITS, match={"names": []}),
            ["* spec.match.names: Invalid value: an empty list means every name: leave it out, or name some"],
            id="an empty list of names",
        ),
        pytest.param(
            policy(limits=LIMITS, exemptions=[exempting(match={"labelSelector": {}})]),
            [
                "* spec.exemptions[0].match.labelSelector: Invalid value: an empty selector means everything: leave it"
                " out, or say which labels"
            ],
            id="an exemption for everything",
        ),
        pytest.param(
            policy(limits=LIMITS, match={}),
            ["* spec.match: Invalid value: an empty match means everything: leave match out, or say what it is about"],
            id="what the API server leaves of a misspelt match",
        ),
        pytest.param(
            with_exemption(match={}),
            [
                "* spec.exemptions[0].match: Invalid value: an empty match means everything: leave match out, or say"
                " what it is about"
            ],
            id="what it leaves of a misspelt match of an exemption",
        ),
        pytest.param(
            policy(limits=LIMITS, exemptions=[{key: value for key, value in exempting().items() if key != "match"}]),
            ["spec.exemptions[0]: import switches the whole policy off: add match or subjects"],
            id="an exemption of everybody from everything",
        ),
    ],
)
def test_a_policy_is_not_about_everything_by_accident(new: Object, want: list[str]) -> None:
    assert told(new) == want


@pytest.mark.parametrize(
    ("spec", "want"),
    [
        pytest.param({"allowedImages": ["registry.acme.io/", "docker.io/", "10.0.0.1:5000/x/"]}, "", id="registries"),
        pytest.param(
            {"allowedImages": ["acme/"]},
            'spec.allowedImages[0]: Invalid value: "acme/": no image\'s full name begins so: write docker.io/acme/',
            id="no registry",
        ),
        pytest.param(
            {"allowedImages": ["https://registry.acme.io/"]},
            'spec.allowedImages[0]: Invalid value: "https://registry.acme.io/": no image\'s full name begins so: write'
            " registry.acme.io/",
            id="an address instead of a prefix",
        ),
        pytest.param(
            {"allowedImages": ["Registry.acme.io/"]},
            'spec.allowedImages[0]: Invalid value: "Registry.acme.io/": no image\'s full name begins so: write'
            " registry.acme.io/",
            id="capitals",
        ),
        pytest.param(
            {"allowedImages": ["registry.acme.io/*/"]},
            'spec.allowedImages[0]: Invalid value: "registry.acme.io/*/": a prefix and no glob: leave the wildcard out',
            id="a glob",
        ),
        pytest.param({"allowedBrokers": ["*.svc", "10.0.0.?", "fe80::1", "Redis.acme.io"]}, "", id="hosts"),
        pytest.param(
            {"allowedBrokers": ["redis.acme.io:6379"]},
            'spec.allowedBrokers[0]: Invalid value: "redis.acme.io:6379": compared with hosts, without scheme and port:'
            " write redis.acme.io",
            id="a port",
        ),
        pytest.param(
            {"allowedBrokers": ["redis://x"]},
            'spec.allowedBrokers[0]: Invalid value: "redis://x": compared with hosts, without scheme and port: write x',
            id="a scheme",
        ),
        pytest.param(
            {"allowedBrokers": ["[fe80::1]:6379"]},
            'spec.allowedBrokers[0]: Invalid value: "[fe80::1]:6379": compared with hosts, without scheme and port:'
            " write fe80::1",
            id="an address of IPv6 as in a URL",
        ),
        pytest.param(
            {"limits": {"maxResourcesPerReplica": {"cpu": "1", "nvidia.com/gpu": "1", "hugepages-2Mi": "4Mi"}}},
            "",
            id="resources",
        ),
        pytest.param(
            {"limits": {"maxResourcesPerReplica": {"memroy": "1Gi"}}},
            'spec.limits.maxResourcesPerReplica[memroy]: Invalid value: "1Gi": no such resource; did you mean'
            ' "memory", or one with its domain, such as x.org/gpu?',
            id="a misspelt resource",
        ),
        pytest.param(
            {"limits": {"maxResourcesPerReplica": {"gpu": 1}}},
            'spec.limits.maxResourcesPerReplica[gpu]: Invalid value: 1: no such resource; did you mean "cpu", or one'
            " with its domain, such as x.org/gpu?",
            id="a resource without its domain",
        ),
        pytest.param({"reservedNames": ["*-internal", "??*"]}, "", id="some names"),
        pytest.param(
            {"reservedNames": ["old", "?*"]},
            'spec.reservedNames[1]: Invalid value: "?*": reserves every name: set limits.maxQueuesPerNamespace: 0 if'
            " there shall be no Queue",
            id="every name",
        ),
    ],
)
def test_every_entry_of_a_list_is_like_something(spec: dict[str, Any], want: str) -> None:
    assert told(policy(**spec)) == ([f"* {want}"] if want else [])


QUEUES_ONLY = {"kinds": ["Queue"]}
LEFT_OUT = "is about WorkerPools, which match.kinds leaves out: nothing comes of it"


@pytest.mark.parametrize(
    ("spec", "want"),
    [
        pytest.param({"limits": {"maxRetries": 5}, "requiredLabels": [{"key": "team"}]}, [], id="what is about queues"),
        pytest.param({"limits": LIMITS}, [f"limits.maxReplicasPerPool {LEFT_OUT}"], id="a limit of pools"),
        pytest.param({"allowedImages": ["a.io/"]}, [f"allowedImages {LEFT_OUT}"], id="a list of pools"),
        pytest.param(
            {"defaults": {"drain": {"timeout": "1h"}}}, [f"defaults.drain {LEFT_OUT}"], id="a default of pools"
        ),
        pytest.param({"budget": {"maxReplicas": 5}}, [f"budget {LEFT_OUT}"], id="a budget"),
        pytest.param(
            {"rules": [{"name": "a", "expression": "true", "message": "no", "kinds": ["WorkerPool"]}]},
            [f"spec.rules[0].kinds: a {LEFT_OUT}"],
            id="a rule in CEL about pools",
        ),
        pytest.param(
            {"limits": {"maxRetries": 5}, "exemptions": [exempting(match={"kinds": ["WorkerPool"]})]},
            [f"spec.exemptions[0].match.kinds: import {LEFT_OUT}"],
            id="an exemption of pools",
        ),
    ],
)
def test_what_a_policy_sets_is_about_its_kinds(spec: dict[str, Any], want: list[str]) -> None:
    assert [one for one in told(policy(match=QUEUES_ONLY, **spec)) if "says nothing" not in one] == want


def test_what_a_policy_of_pools_says_of_queues() -> None:
    found = told(policy(match={"kinds": ["WorkerPool"]}, limits={"maxRetries": 5}))
    assert found == ["limits.maxRetries is about Queues, which match.kinds leaves out: nothing comes of it"]


@pytest.mark.parametrize(
    ("path", "kinds", "want"),
    [
        ("spec.scaling.minReplicas", ["WorkerPool"], ""),
        ("spec.scaling.schedules[night].minReplicas", ["WorkerPool"], ""),
        ("spec.template.spec.containers[0].image", ["WorkerPool"], ""),
        ("metadata.labels[team]", ["Queue"], ""),
        ("spec.deadLetter.queueName", ["Queue", "WorkerPool"], ""),
        ("spec.concurency", ["WorkerPool"], "WorkerPool.spec has no field concurency; did you mean concurrency?"),
        ("spec.deadLetter", ["WorkerPool"], "WorkerPool.spec has no field deadLetter"),
        ("metadata.lables[team]", ["Queue"], "Queue.metadata has no field lables; did you mean labels?"),
        ("spec.scalling", ["Queue", "WorkerPool"], "WorkerPool.spec has no field scalling; did you mean scaling?"),
        ("spec.paused[0]", ["Queue"], "Queue.spec.paused has no entries"),
        ("spec.queues.name", ["WorkerPool"], "WorkerPool.spec.queues has no field name"),
    ],
)
def test_a_rule_names_a_field_there_is(path: str, kinds: list[str], want: str) -> None:
    rule = {"name": "a", "expression": "true", "message": "no", "kinds": kinds, "fieldPath": path}
    refused = [f'* spec.rules[0].fieldPath: Invalid value: "{path}": {want}'] if want else []
    assert told(policy(rules=[rule])) == refused


RULES = [{"name": "a", "expression": "true", "message": "no"}]
OTHER_RULES = [{"name": "a", "expression": "1 < 2", "message": "no"}]


@pytest.mark.parametrize(
    ("new", "old", "want_refused"),
    [
        pytest.param(policy(rules=RULES), None, True, id="a new Policy"),
        pytest.param(policy(rules=RULES), policy(limits=LIMITS), True, id="rules that come in later"),
        pytest.param(policy(rules=OTHER_RULES), policy(rules=RULES), True, id="rules that change"),
        pytest.param(policy(rules=RULES, action="Warn"), policy(rules=RULES), False, id="rules that were there before"),
        pytest.param(policy(limits=LIMITS), policy(rules=RULES), False, id="rules that go"),
        pytest.param(cluster_policy(rules=RULES), None, False, id="a ClusterPolicy"),
    ],
)
def test_an_install_may_take_rules_in_cel_from_cluster_policies_only(
    new: Object, old: Object | None, want_refused: bool
) -> None:
    decision = decide(replace(facts(new, old=old), namespaced_rules=False))
    want = [
        "spec.rules: Forbidden: this install takes rules in CEL from ClusterPolicies only (chart value policies.rules)"
    ]
    assert [violation.finding.line() for violation in decision.denied] == (want if want_refused else [])
    assert decide(facts(new, old=old)).allowed
