from __future__ import annotations

from fractions import Fraction

import pytest

from reconciler.plans.behavior import DOWN, UP, Behavior, Policy, PolicyType, Rules, Select, parsed


@pytest.mark.parametrize("given", [None, {}], ids=["absent", "empty"])
def test_no_behavior(given: dict[str, object] | None) -> None:
    assert parsed(given) is None


def test_what_is_left_out_is_the_default_of_autoscaling() -> None:
    given = {"scaleDown": {"stabilizationWindowSeconds": 900}, "scaleUp": {"selectPolicy": "Disabled"}}
    assert parsed(given) == Behavior(
        up=Rules(UP.window, UP.policies, Select.DISABLED), down=Rules(900.0, DOWN.policies, Select.MAX)
    )


def test_policies_and_tolerance() -> None:
    given = {
        "scaleUp": {"policies": [{"type": "Pods", "value": 4, "periodSeconds": 60}], "tolerance": "50m"},
        "scaleDown": {"policies": [], "tolerance": "0"},
    }
    assert parsed(given) == Behavior(
        up=Rules(0.0, (Policy(PolicyType.PODS, 4, 60.0),), tolerance=Fraction(1, 20)),
        down=Rules(300.0, DOWN.policies, tolerance=Fraction(0)),
    )
