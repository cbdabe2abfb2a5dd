"""The pods of a WorkerPool: v1 has an image or a whole pod template, v1beta1 some fields of both.

Of a template each field v1beta1 knows is shown there, and the rest of it is kept: sidecars, volumes, probes. In the
container that is kept, `null` stands where a shown field came from, so that it finds its place again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from crds.conversion import trees
from crds.conversion.trees import NOTHING, Path, Tree
from crds.v1.core import CONTAINER_ONLY

WORKER: Final = "worker"
SECURITY: Final[Path] = ("spec", "securityContext")
# Fields a v1 pool may have beside the template or in its container, with how many entries v1beta1 takes.
_EITHER: Final = (("env", 500), ("envFrom", 64), ("resources", None))
_CONTAINER: Final = ("image", "imagePullPolicy")
# Where in a v1 template, and where in v1beta1's.
_POD: Final[tuple[tuple[Path, Path], ...]] = tuple(
    (trees.path(hub), trees.path(beta))
    for hub, beta in (
        ("metadata.labels", "metadata.labels"),
        ("metadata.annotations", "metadata.annotations"),
        ("spec.serviceAccountName", "spec.serviceAccountName"),
        ("spec.securityContext", "spec.securityContext"),
        ("spec.nodeSelector", "spec.nodeSelector"),
        ("spec.tolerations", "spec.tolerations"),
        ("spec.affinity", "spec.affinity"),
    )
)


class PodTemplate:
    name: Final = "template"

    def down(self, hub: Tree, beta: Tree, saved: Any, original: Tree) -> Any:
        shown: Tree = {}
        image = trees.take(hub, ("image",))
        for field, _ in _EITHER:
            _show(shown, ("spec", field), trees.take(hub, (field,)))
        if image is not NOTHING:
            trees.put(shown, ("spec", "image"), image)
        elif type(hub.get("template")) is dict and worker_of(hub["template"]) is not None:
            _take_apart(hub["template"], shown)
            if _put_together(shown, NOTHING) == {name: original[name] for name in _OURS if name in original}:
                del hub["template"]
        if shown:
            beta["template"] = shown
        return NOTHING

    def up(self, beta: Tree, hub: Tree, saved: Any, original: Tree) -> Any:
        shown = _taken(beta)
        hub |= _put_together(shown, hub.pop("template", NOTHING))
        return NOTHING


_OURS: Final = ("image", "template", *(field for field, _ in _EITHER))


def worker_of(template: Tree) -> Tree | None:
    containers = trees.get(template, ("spec", "containers"))
    for container in containers if type(containers) is list else ():
        if type(container) is dict and container.get("name") == WORKER:
            return container
    return None


def _take_apart(template: Tree, shown: Tree) -> None:
    """Moves what v1beta1 knows of a template that has a worker into `shown`."""
    for there, here in _POD:
        if not _says_nothing(trees.get(template, there), here):
            _show(shown, here, trees.take(template, there))
    worker = worker_of(template)
    if worker is None:
        return
    both = shown.get("spec", {}).get("securityContext", {})
    for field in CONTAINER_ONLY if type(both) is dict else ():
        if field not in both:
            _show(shown, ("spec", "securityContext", field), trees.take(worker, ("securityContext", field)))
    for field in _shown_fields(worker, shown):
        _show(shown, ("spec", field), worker[field])
        worker[field] = None


def _shown_fields(worker: Tree, shown: Tree) -> Iterator[str]:
    yield from (field for field in _CONTAINER if worker.get(field) is not None)
    for field, most in _EITHER:
        value = worker.get(field)
        beside = field in shown.get("spec", {})
        if value is not None and not beside and (most is None or (type(value) is list and len(value) <= most)):
            yield field


def _says_nothing(value: Any, where: Path) -> bool:
    """An empty security context stays where it is: which of the two it would be could not be told later."""
    return value == {} and where == SECURITY


def _show(shown: Tree, where: Path, value: Any) -> None:
    if value is not NOTHING:
        trees.put(shown, where, value)


def _taken(beta: Tree) -> Tree:
    """What v1beta1 says of the pods, taken out of its spec."""
    shown: Tree = {}
    fields = [
        *(here for _, here in _POD),
        *(("spec", field) for field in (*_CONTAINER, *(name for name, _ in _EITHER))),
    ]
    for where in fields:
        if not _says_nothing(trees.get(beta, ("template", *where)), where):
            _show(shown, where, trees.take(beta, ("template", *where)))
    return shown


def _put_together(shown: Tree, template: Any) -> Tree:
    """The fields of v1 that say what is shown, put into the template that was kept or, where needed, into a new one."""
    spec = dict(shown.get("spec", {}))
    pod, container = _divided(spec.get("securityContext", NOTHING))
    if template is NOTHING and (container or "imagePullPolicy" in spec or any(_is_in(here, shown) for _, here in _POD)):
        template = {"spec": {"containers": [{"name": WORKER, **dict.fromkeys(_CONTAINER)}]}}
    made: Tree = {}
    worker = worker_of(template) if type(template) is dict else None
    for field in (*_CONTAINER, *(name for name, _ in _EITHER)):
        inside = worker is not None and (field == "imagePullPolicy" or (field in worker and worker[field] is None))
        _fill(worker if inside and worker is not None else made, spec, field)
    if worker is not None:
        for name, value in container.items():
            trees.put(worker, ("securityContext", name), value)
    if type(template) is dict:
        _put_pod(template, shown, pod)
    if template is not NOTHING:
        made["template"] = template
    return made


def _divided(both: Any) -> tuple[Any, Tree]:
    """A security context of v1beta1 as the pod's and the container's of v1."""
    if type(both) is not dict:
        return both, {}
    pod = {name: value for name, value in both.items() if name not in CONTAINER_ONLY}
    return pod, {name: value for name, value in both.items() if name in CONTAINER_ONLY}


def _put_pod(template: Tree, shown: Tree, security: Any) -> None:
    for there, here in _POD:
        value = security if here == SECURITY else trees.get(shown, here)
        if value not in (NOTHING, None, {}) or (value == {} and here != SECURITY):
            trees.put(template, there, value)


def _is_in(where: Path, shown: Tree) -> bool:
    return trees.get(shown, where) is not NOTHING


def _fill(target: Tree, spec: Tree, field: str) -> None:
    """The field as it is shown; one that is no longer shown is no longer there."""
    if field in spec:
        target[field] = spec[field]
    elif field in target and target[field] is None:
        del target[field]
