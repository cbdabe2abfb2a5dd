"""What the schema and its rules refuse, `crds.validate` and the models refuse, and nothing else."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import crds
from crds import meta
from crds.compiling import root
from crds.findings import ABSENT
from crds.judgement import Judgement
from crds.schema import MODELS
from tests.crds import beta, generators, oracle, seeds

KINDS: Final = tuple(kind.kind for kind in meta.KINDS)
BETA_KINDS: Final = tuple(kind.kind for kind in meta.BETA_KINDS)
THOROUGH: Final = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
# Kept as plain dicts in the models: only the schema knows what is in them.
CORE: Final = re.compile(
    r"spec\.(template|env|envFrom|resources|workload\.volumeClaimTemplates"
    r"|defaults\.(resources|podSecurityContext|securityContext))\b"
)

JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_seed_is_accepted(kind: str) -> None:
    for seed in seeds.BY_KIND[kind]:
        assert crds.validate(kind, seed) == ()
        assert oracle.refuses(kind, seed) == []
        assert crds.unknown_fields(kind, seed) == ()


@pytest.mark.parametrize("kind", KINDS)
@THOROUGH
@given(data=st.data())
def test_a_new_object_gets_the_verdict_of_schema_and_cel(kind: str, data: st.DataObject) -> None:
    obj = data.draw(generators.edited(kind))

    findings = crds.validate(kind, obj)

    assert bool(findings) == bool(oracle.refuses(kind, obj)), [finding.line() for finding in findings]


@pytest.mark.parametrize("kind", KINDS)
@THOROUGH
@given(data=st.data())
def test_a_changed_object_gets_the_verdict_of_schema_and_cel(kind: str, data: st.DataObject) -> None:
    old = data.draw(st.sampled_from(seeds.BY_KIND[kind]))
    new = data.draw(generators.edits_of(kind, old))
    new["metadata"]["name"] = old["metadata"]["name"]

    findings = crds.validate(kind, new, old)

    assert bool(findings) == bool(oracle.refuses(kind, new, old)), [finding.line() for finding in findings]


@pytest.mark.parametrize("kind", BETA_KINDS)
@THOROUGH
@given(data=st.data())
def test_an_object_of_v1beta1_gets_the_verdict_of_schema_and_cel(kind: str, data: st.DataObject) -> None:
    old = data.draw(st.sampled_from(beta.BY_KIND[kind]))
    new = data.draw(generators.edits_of(kind, old, meta.BETA))

    for before in (None, old):
        findings = crds.validate(kind, new, before, meta.BETA)

        refused = oracle.refuses(kind, new, before, meta.BETA)
        assert bool(findings) == bool(refused), ([finding.line() for finding in findings], refused)


@pytest.mark.parametrize("kind", KINDS)
@THOROUGH
@given(data=st.data())
def test_the_model_reads_what_the_schema_accepts_and_nothing_else(kind: str, data: st.DataObject) -> None:
    obj = data.draw(generators.edited(kind))
    judgement = Judgement()
    root(kind).check(root(kind).decoded(obj), ABSENT, (), judgement)
    fields = [finding.field for finding in judgement.findings if not finding.field.startswith("metadata")]

    if any(not CORE.match(field) for field in fields):
        with pytest.raises(ValidationError):
            MODELS[kind].model_validate(obj)
    elif not fields:
        MODELS[kind].model_validate(obj)


@pytest.mark.parametrize("kind", KINDS)
@THOROUGH
@given(obj=JSON, old=JSON)
def test_no_json_makes_it_raise(kind: str, obj: Any, old: Any) -> None:
    for each in (obj, {"spec": obj}, {"metadata": obj, "spec": {"broker": obj, "queues": obj, "action": obj}}):
        crds.validate(kind, each, old)
        crds.unknown_fields(kind, each)
        crds.without_effect(kind, each)
