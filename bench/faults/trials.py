"""One function a fault: workers are being removed, the fault happens, and all is at rest again in the end.

Each returns what a user could read about it while it lasted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from bench.drain import acts
from bench.drain.acts import Acts
from bench.faults import making
from tests.node.stack import eventually

LEASE: Final = "headgate-reconciler"
LEASE_SECONDS: Final = 15.0
SHORT_SECONDS: Final = 10.0
"""Well below the time after which other workers take over the jobs of a silent one, which would run them twice."""
OUTAGE_SECONDS: Final = 60.0
PAST_DEADLINE_SECONDS: Final = 75.0
"""The pool's drain.timeout is 60 s."""

Read = Callable[[], str]
Block = Callable[[Mapping[str, Any]], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Trials:
    """The pool `workers`, which has `acts.LOW` replicas before and after each."""

    acting: Acts

    def updates_in_a_row(self) -> str:
        before = self._names()
        for _ in range(3):
            self.acting.greeting += 1
            self.acting.apply(acts.LOW)
            time.sleep(2.0)
        said = self._said("Reconciling")
        eventually("the old workers are gone", lambda: before & self._names(), set(), acts.PATIENCE)
        self.acting.until_serving(acts.LOW)
        return said

    def leader_wakes_late(self) -> str:
        """It stops within a removal, another leads and the removal is withdrawn; then it goes on where it was."""
        stack = self.acting.stack
        stack.kubectl("scale", "deployment", "-l", acts.RECONCILERS, "--replicas=2")
        try:
            eventually("two reconcilers", lambda: len(acts.reconcilers(stack)), 2)
            self.acting.apply(acts.HIGH)
            self.acting.until_serving(acts.HIGH)
            self.acting.apply(acts.LOW)
            former = self._leader()
            with making.stopped([pid for pid in acts.reconcilers(stack) if making.hostname(pid) == former]):
                self.acting.apply(acts.HIGH)
                eventually("another leader", lambda: self._leader() != former, True, 3 * LEASE_SECONDS)
                self.acting.until_serving(acts.HIGH)
            self.acting.until_serving(acts.HIGH)
            self.acting.apply(acts.LOW)
            self.acting.until_serving(acts.LOW)
        finally:
            stack.kubectl("scale", "deployment", "-l", acts.RECONCILERS, "--replicas=1")
        return ""

    def api_server_killed(self) -> str:
        self.acting.apply(acts.HIGH)
        self.acting.until_serving(acts.HIGH)
        self.acting.apply(acts.LOW)
        time.sleep(1.0)
        with making.api_server_away(self.acting.stack, SHORT_SECONDS):
            pass
        back = time.monotonic()
        eventually("all that were asked are marked", self._unmarked, [], acts.PATIENCE)
        marked = time.monotonic()
        self.acting.until_serving(acts.LOW)
        gone = time.monotonic() - back
        return f"marked as drained {marked - back:.1f} s after it was back, removed {gone:.1f} s after it"

    def broker_away(self) -> str:
        self.acting.apply(acts.HIGH)
        self.acting.until_serving(acts.HIGH)
        self.acting.apply(acts.LOW)
        with making.broker_away(self.acting.stack, OUTAGE_SECONDS):
            time.sleep(OUTAGE_SECONDS / 2)
            said = self._said("Draining")
        self.acting.until_serving(acts.LOW)
        return said

    def cut_off(self) -> str:
        return self._with_a_victim(making.cut_off, SHORT_SECONDS)

    def hangs(self) -> str:
        return self._with_a_victim(making.hanging, SHORT_SECONDS)

    def says_drained(self) -> str:
        return self._with_a_victim(lambda pod: making.telling(self.acting.stack, pod, making.drained), SHORT_SECONDS)

    def says_busy_for_ever(self) -> str:
        return self._with_a_victim(
            lambda pod: making.telling(self.acting.stack, pod, making.busy), PAST_DEADLINE_SECONDS, stays=True
        )

    def says_garbage(self) -> str:
        return self._with_a_victim(
            lambda pod: making.telling(self.acting.stack, pod, making.garbage), PAST_DEADLINE_SECONDS, stays=True
        )

    def _with_a_victim(self, fault: Block, seconds: float, *, stays: bool = False) -> str:
        """One worker is asked to drain while the fault lasts; it leaves once that is over, or before if it can."""
        stack, victim = self.acting.stack, self.acting.stack.pods()[0]
        name = victim["metadata"]["name"]
        with fault(victim):
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            stack.kubectl("annotate", "pod", name, f"headgate.dev/drain=Operator/{stamp}")
            time.sleep(seconds)
            said = self._said("Draining")
            if stays:
                assert name in self._names(), f"{name} was removed though nothing proved it idle"
        eventually(f"{name} is gone", lambda: name in self._names(), False, acts.PATIENCE)
        self.acting.until_serving(acts.LOW)
        return said

    def _unmarked(self) -> list[str]:
        """The pods that were asked to leave and not yet let go."""
        told = [pod["metadata"] for pod in self.acting.stack.pods()]
        asked = [one for one in told if "headgate.dev/drain" in one.get("annotations", {})]
        return [one["name"] for one in asked if "headgate.dev/drained" not in one["labels"]]

    def _names(self) -> set[str]:
        return {pod["metadata"]["name"] for pod in self.acting.stack.pods()}

    def _leader(self) -> str:
        """The pod that holds the Lease."""
        holder = self.acting.stack.kubectl("get", "lease", LEASE, "-o=jsonpath={.spec.holderIdentity}")
        return holder.rpartition("_")[0]

    def _said(self, kind: str) -> str:
        status = self.acting.stack.get("workerpool", "workers").get("status", {})
        found = [one for one in status.get("conditions", ()) if one["type"] == kind]
        return "; ".join(f"{kind}={one['status']} {one['reason']}: {one['message']}" for one in found)
