"""Ten rules in CEL and two labels that are set by default, in the words of each engine.

The rules are in one policy of ten everywhere, which is what costs each engine the least.
"""

from __future__ import annotations

from typing import Final

from bench.webhook import world
from bench.webhook.world import GROUP, Object

EXPRESSIONS: Final = (
    *(expression for of, expression in world.RULES if of != "an effective value"),
    # What an object inherits is known to Headgate alone.
    "object.spec.scaling.?minReplicas.orValue(0) >= 1",
) * 2
NAME: Final = "headgate-bench"
TEMPLATE: Final = "HeadgateBench"
"""The kind that Gatekeeper makes of its template."""


def headgate() -> Object:
    return world.with_rules(EXPRESSIONS)


def gatekeeper() -> tuple[Object, Object]:
    """The template, and the constraint that puts it in force. No native policy is made of it, which would judge too."""
    source = {"failurePolicy": "Fail", "generateVAP": False, "validations": _validations()}
    code = [{"engine": "K8sNativeValidation", "source": source}]
    template = {
        "apiVersion": "templates.gatekeeper.sh/v1",
        "kind": "ConstraintTemplate",
        "metadata": {"name": TEMPLATE.lower()},
        "spec": {
            "crd": {"spec": {"names": {"kind": TEMPLATE}}},
            "targets": [{"target": "admission.k8s.gatekeeper.sh", "code": code}],
        },
    }
    constraint = {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": TEMPLATE,
        "metadata": {"name": NAME},
        "spec": {
            "enforcementAction": "deny",
            "match": {"kinds": [{"apiGroups": [GROUP], "kinds": ["WorkerPool"]}]},
        },
    }
    return template, constraint


def gatekeeper_labels() -> list[Object]:
    """Mutators that set each of the world's labels where it is missing."""
    return [
        {
            "apiVersion": "mutations.gatekeeper.sh/v1",
            "kind": "AssignMetadata",
            "metadata": {"name": f"{NAME}-{number}"},
            "spec": {
                "match": {"scope": "Namespaced", "kinds": [{"apiGroups": [GROUP], "kinds": ["WorkerPool"]}]},
                "location": f'metadata.labels."{key}"',
                "parameters": {"assign": {"value": value}},
            },
        }
        for number, (key, value) in enumerate(world.LABELS.items())
    ]


def _validations() -> list[Object]:
    return [{"expression": expression, "message": f"rule {number}"} for number, expression in enumerate(EXPRESSIONS)]
