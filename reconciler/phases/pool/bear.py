"""The child that runs the revision the spec asks for: a Deployment of its own, or the StatefulSet's template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crds import meta
from crds.pointer import pointer
from kube.errors import AlreadyExists, NotFound
from kube.resources import CONTROLLER_REVISIONS
from policies.fields import dig
from reconciler.children.deployment import deployment
from reconciler.children.names import APPLIED, QUEUES
from reconciler.children.queue_notes import note
from reconciler.children.stateful_set import stateful_set
from reconciler.children.workload import resource_of
from reconciler.context import Context
from reconciler.edits import apply, edit
from reconciler.errors import Waiting
from reconciler.phases.pool.own import FIELD_MANAGER
from reconciler.phases.pool.scaling_state import memory_of
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.trial import failed_before
from reconciler.phases.pool.view import revision_label
from reconciler.reasons import Reason

SETTLE_SECONDS: Final = 5.0
"""What the child's controller does wakes the pool; this is for the case that the watch does not tell."""
NAMESAKE_SECONDS: Final = 10.0

Object = Mapping[str, Any]


async def bear(state: PoolState, ctx: Context) -> None:
    if state.frozen or state.template is None:
        return
    child = state.child
    if child is None:
        await _create(state, ctx)
        raise _being_set_up(state)
    if state.stateful:
        await _renew(state, ctx, child)
    elif not child["spec"].get("paused"):
        await _pause(state, ctx, child)


async def _create(state: PoolState, ctx: Context) -> None:
    """By a plain POST, under the client's own name, which goes on owning `replicas`: what an applier once set and later
    leaves out is reset by the API server, and replicas would become 1.
    """
    assert state.template is not None  # noqa: S101 - for the type checker: bear has looked
    if state.stateful:
        body = stateful_set(state.owner, state.template, state.revision, state.spec["workload"])
    else:
        body = deployment(state.owner, state.template, state.revision, paused=False)
    body["spec"]["replicas"] = 0
    notes = {APPLIED: memory_of(state, ctx).applied, QUEUES: note(state.worked)}
    body["metadata"].setdefault("annotations", {}).update(notes)
    try:
        await ctx.client.create(resource_of(state.spec), body)
    except AlreadyExists:
        await _judge_namesake(state, ctx, body)
        return
    _tell(state, ctx)


async def _pause(state: PoolState, ctx: Context, child: Object) -> None:
    """As soon as its ReplicaSet is there."""
    assert state.template is not None  # noqa: S101 - for the type checker: bear has looked
    if (child.get("status") or {}).get("observedGeneration") == child["metadata"]["generation"]:
        body = deployment(state.owner, state.template, state.revision, paused=True)
        await apply(ctx, child, body, FIELD_MANAGER)
    raise _being_set_up(state)


async def _renew(state: PoolState, ctx: Context, child: Object) -> None:
    """Give the set the template that new pods are to come from; those that run stay until they are deleted by name."""
    assert state.template is not None  # noqa: S101 - for the type checker: bear has looked
    wanted = stateful_set(state.owner, state.template, state.revision, state.spec["workload"])
    previous = (child["metadata"].get("annotations") or {}).get(meta.ANNOTATION_PREVIOUS, "")
    revision, template = state.revision, wanted["spec"]["template"]
    shape = wanted["metadata"]["annotations"][meta.ANNOTATION_SHAPE]
    if failed_before(state, child):
        revision, template, shape = previous, await _template_of(state, ctx, previous), ""
    claims = "persistentVolumeClaimRetentionPolicy"
    changes: dict[tuple[str, ...], Any] = {("spec", claims): wanted["spec"][claims]}
    if template is not None and revision_label(child) != revision:
        changes |= {
            ("spec", "template"): template,
            ("metadata", "labels", meta.LABEL_REVISION): revision,
            ("metadata", "annotations"): {**_with_previous(state, child), meta.ANNOTATION_SHAPE: shape},
        }
    if all(dig(child, *path) == value for path, value in changes.items()):
        return
    version = child["metadata"]["resourceVersion"]
    operations = [{"op": "test", "path": "/metadata/resourceVersion", "value": version}]
    operations += [{"op": "add", "path": pointer(path), "value": value} for path, value in changes.items()]
    await edit(ctx, child, operations)
    if revision_label(child) != revision:
        _tell(state, ctx)
    raise _being_set_up(state)


def _with_previous(state: PoolState, child: Object) -> dict[str, str]:
    """The annotations with the revision to go back to: the last one that has proved itself, or where none has had the
    time to, one whose workers are ready.
    """
    annotations, present = dict(child["metadata"].get("annotations") or {}), revision_label(child)
    ready = any(pod.ready and pod.active for pod in state.view.pods_of(present))
    if present in state.proved_before or (ready and meta.ANNOTATION_PREVIOUS not in annotations):
        annotations[meta.ANNOTATION_PREVIOUS] = present
    return annotations


async def _template_of(state: PoolState, ctx: Context, revision: str) -> Mapping[str, Any] | None:
    """A former template, out of the history that the StatefulSet's controller keeps; None where it is forgotten."""
    selector = f"{state.owner.selector},{meta.LABEL_REVISION}={revision}"
    found = (await ctx.client.list(CONTROLLER_REVISIONS, state.namespace, selector)).items if revision else ()
    for one in found:
        template: dict[str, Any] = one["data"]["spec"]["template"]
        return {field: value for field, value in template.items() if field != "$patch"}
    return None


async def _judge_namesake(state: PoolState, ctx: Context, body: Object) -> None:
    """A pass before this one made it and the watch has not told yet; or it is somebody else's."""
    name = body["metadata"]["name"]
    try:
        found = await ctx.client.get(resource_of(state.spec), name, state.namespace)
    except NotFound:
        return
    if (found["metadata"].get("labels") or {}).get(meta.LABEL_POOL_UID) != state.uid:
        message = f'{body["kind"]} "{name}" is not of this pool: delete it, or give the pool another name'
        raise Waiting(NAMESAKE_SECONDS, Reason.NAME_TAKEN, message)


def _being_set_up(state: PoolState) -> Waiting:
    return Waiting(SETTLE_SECONDS, Reason.PROGRESSING, f"Revision {state.revision} is being set up")


def _tell(state: PoolState, ctx: Context) -> None:
    ctx.events.normal(state.obj, Reason.REVISION_CREATED, f"Revision {state.revision} was created")
