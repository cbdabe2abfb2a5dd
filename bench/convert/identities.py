"""v1 to v1beta1 to v1, and the other way round, over as many objects as one likes."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import crds
from bench.convert.objects import Maker
from crds import meta
from crds.compiling import root
from crds.conversion import convert
from crds.conversion.kept import ANNOTATION

API_VERSIONS = {meta.VERSION: meta.API_VERSION, meta.BETA: meta.BETA_API_VERSION}


@dataclass(slots=True)
class Count:
    """`carried`: objects for which something had to be kept for the way back; `lost`: those that did not come back as
    they were, or that the other version would refuse."""

    objects: int = 0
    carried: int = 0
    refused: int = 0
    lost: int = 0


def identities(count: int, seed: int) -> int:
    """Prints what was tried and what was lost; returns how many objects were."""
    lost = 0
    for here, there in ((meta.VERSION, meta.BETA), (meta.BETA, meta.VERSION)):
        began, total = perf_counter(), Count()
        for kind in meta.BETA_KINDS:
            _try(kind.kind, here, there, count // len(meta.BETA_KINDS) + 1, seed, total)
        print(
            f"{here} -> {there} -> {here}: {total.objects:,} objects, {total.carried:,} with something to keep,"
            f" {total.refused:,} drawn beside them and refused by the schema; {total.lost} lost anything"
            f" ({perf_counter() - began:.0f} s)",
            flush=True,
        )
        lost += total.lost
    return lost


def _try(kind: str, here: str, there: str, wanted: int, seed: int, total: Count) -> None:
    node, tried = root(kind, here), 0
    while tried < wanted:
        for drawn in Maker(kind, here, seed).objects(wanted):
            obj: Any = node.decoded(drawn)
            if crds.validate(kind, obj, version=here):
                total.refused += 1
                continue
            converted = convert(obj, API_VERSIONS[there])
            back = node.decoded(convert(converted, API_VERSIONS[here]))
            total.objects += 1
            total.carried += ANNOTATION in converted["metadata"].get("annotations", {})
            if back != obj or _refused(kind, converted, there):
                total.lost += 1
                if total.lost <= 5:
                    sys.stderr.write(
                        f"{json.dumps(obj)}\n  became {json.dumps(converted)}\n  and then {json.dumps(back)}\n"
                    )
            tried += 1
            if tried == wanted:
                return
        seed += 1


def _refused(kind: str, converted: Any, version: str) -> bool:
    """A Queue of v1beta1 may lack its broker, which only the webhook knows to be a mistake."""
    findings = crds.validate(kind, converted, version=version)
    return any(finding.field != "spec.broker" for finding in findings)
