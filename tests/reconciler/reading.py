"""Objects of a real API server, read without kubectl: who waits looks all the time, and each look by kubectl takes a
tenth of a second of the processor from what is waited for.
"""

from __future__ import annotations

import weakref
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from crds import meta
from kube import resources
from kube.resources import Resource, custom
from tests.crds.apiserver import ApiServer

_OURS: Final = {
    name: custom(meta.GROUP, meta.VERSION, kind.plural, kind.kind, kind.namespaced)
    for kind in meta.KINDS
    for name in (kind.singular, kind.plural, kind.short_name, f"{kind.plural}.{meta.GROUP}")
}
_THEIRS: Final = {
    name: one
    for one in vars(resources).values()
    if isinstance(one, Resource)
    for name in (one.kind.lower(), one.plural, str(one))
}
_KNOWN: Final = {
    **_THEIRS,
    **_OURS,
    "cm": resources.CONFIG_MAPS,
    "pdb": resources.POD_DISRUPTION_BUDGETS,
}
"""What kubectl calls so."""


class Reader:
    """Reads in one namespace, or what has none. Its connection is kept from look to look, for a handshake costs more
    than an answer, and closed with the last who holds the reader.
    """

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self._server, self._namespace = ApiServer(kubeconfig), namespace
        weakref.finalize(self, self._server.close)

    def get(self, resource: str, name: str) -> dict[str, Any]:
        return self._read(_KNOWN[resource].path(self._namespace, name))

    def list(self, resource: str, selector: str = "") -> list[dict[str, Any]]:
        found = self._read(f"{_KNOWN[resource].path(self._namespace)}?labelSelector={quote(selector)}")
        kind = {"apiVersion": found["apiVersion"], "kind": found["kind"].removesuffix("List")}
        return [{**kind, **item} for item in found["items"]]

    def _read(self, path: str) -> dict[str, Any]:
        try:
            answer = self._server.ask("GET", path)
        except (HTTPException, OSError):
            # The server may have restarted since the last look, or given up on a connection at rest.
            self._server.close()
            answer = self._server.ask("GET", path)
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {answer.body.get('message')}")
        return answer.body
