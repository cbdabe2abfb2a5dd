"""From a review to a decision: which facts the engine gets for each resource and subresource."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from crds import meta
from policies import Decision, Facts, Operation, Snapshot, User, decide
from policies.fields import integer, mapping, text
from webhooks.review import BadReviewError, Object, Review

KINDS: Final = {kind.plural: kind.kind for kind in meta.KINDS}
MAX_AGE_SECONDS: Final = 120.0
"""A snapshot without a sign of life for longer is still decided from, and every answer says so."""


def now() -> datetime:
    return datetime.now(UTC)


class Decider:
    """Callable: (review, final) -> Decision. Raises BadReviewError for what is not ours to judge."""

    def __init__(
        self, snapshot: Snapshot, clock: Callable[[], datetime] = now, *, namespaced_rules: bool = True
    ) -> None:
        self.snapshot = snapshot
        self._clock = clock
        self._namespaced_rules = namespaced_rules

    def __call__(self, review: Review, *, final: bool) -> Decision:
        decision = decide(self._facts(review, final))
        age = self.snapshot.age_seconds()
        if age <= MAX_AGE_SECONDS or not final:
            return decision
        warning = f"decided by what was known {age:.0f} s ago: Headgate's webhook hears nothing from the API server"
        return decision.warning_too(warning)

    def _facts(self, review: Review, final: bool) -> Facts:
        kind = KINDS.get(review.resource)
        if kind is None or review.group != meta.GROUP:
            raise BadReviewError(f"Headgate does not judge {_resource(review)}", review.uid)
        match (review.operation, review.subresource):
            case (("CREATE" | "UPDATE" | "DELETE"), ("" | "status")):
                new, old = _placed(review.new, review), _placed(review.old, review)
            case "UPDATE", "scale" if kind == meta.WORKER_POOL.kind:
                new, old = self._scaled(review, review.new), self._scaled(review, review.old, was=True)
            case _:
                raise BadReviewError(f"Headgate does not judge {review.operation} of {_resource(review)}", review.uid)
        return Facts(
            kind=kind,
            operation=Operation(review.operation),
            new=None if review.operation == "DELETE" else new,
            old=old,
            snapshot=self.snapshot,
            now=self._clock(),
            subresource=review.subresource,
            user=User(review.user, review.groups),
            dry_run=review.dry_run,
            final=final,
            size=review.size,
            manager=review.manager,
            namespaced_rules=self._namespaced_rules,
        )

    def _scaled(self, review: Review, scale: Object | None, *, was: bool = False) -> Object:
        """The WorkerPool as this Scale would make it: a Scale names neither labels nor limits of its object.

        A pool the snapshot does not know yet is judged by its name alone; the native floor knows it whole. A pool that
        is not held `was` not held at 0, although its Scale says so.
        """
        known = self.snapshot.pools(review.namespace).get(review.name)
        spec: dict[str, Any] = {**known.spec, "queues": [{"name": name} for name in known.queues]} if known else {}
        replicas = integer(scale, "spec", "replicas") or 0
        if replicas or not was or "hold" in spec:
            spec["hold"] = {**mapping(spec, "hold"), "replicas": replicas}
        return {
            "metadata": {"namespace": review.namespace, "name": review.name, "labels": known.labels if known else {}},
            "spec": spec,
        }


def _placed(obj: Object | None, review: Review) -> Object | None:
    """The object with its namespace in it; the API server always says it, and others who speak the protocol may not."""
    if obj is None or not review.namespace or text(obj, "metadata", "namespace") == review.namespace:
        return obj
    return {**obj, "metadata": {**mapping(obj, "metadata"), "namespace": review.namespace}}


def _resource(review: Review) -> str:
    full = f"{review.resource}.{review.group}" if review.group else review.resource
    return f"{full}/{review.subresource}" if review.subresource else full or "nothing"
