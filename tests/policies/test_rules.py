"""Rules are data: each has a name of its own, a sentence, and a place where it applies."""

from __future__ import annotations

import pytest

from policies import RuleFaultError, decide, rules
from policies.rules.rule import ALL_KINDS, BuiltInRule
from policies.subject import Subject
from tests.policies.objects import facts, queue


def test_every_rule_is_named_once_and_says_what_it_asks() -> None:
    every = (*rules.BUILT_IN, *rules.POLICY)
    assert len({rule.id for rule in every}) == len(every)
    for rule in every:
        assert rule.sentence.endswith("."), rule.id
        assert rule.kinds <= ALL_KINDS, rule.id
        assert rule.operations, rule.id


def test_a_rule_that_raises_is_named_and_quotes_nothing_of_the_object(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(subject: Subject) -> list[None]:
        raise KeyError(subject.name)

    rule = BuiltInRule(id="broken", kinds=ALL_KINDS, sentence="", check=broken)  # type: ignore[arg-type]  # a defect
    monkeypatch.setattr(rules, "built_in_for", lambda *_: (rule,))
    with pytest.raises(RuleFaultError) as raised:
        decide(facts(queue("secret-name")))
    assert raised.value.rule == "broken"
    assert "secret-name" not in str(raised.value)
