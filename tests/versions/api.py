"""Objects of either version at a real API server, over one kept connection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from crds import meta
from tests.crds.apiserver import Answer, ApiServer, Object

APPLY: Final = "application/apply-patch+yaml"
MERGE: Final = "application/merge-patch+json"
_PLURALS: Final = {kind.kind: kind.plural for kind in meta.KINDS}


def collection(kind: str, namespace: str, version: str) -> str:
    return f"/apis/{meta.GROUP}/{version}/namespaces/{namespace}/{_PLURALS[kind]}"


def path(obj: Object, namespace: str, version: str = "") -> str:
    """Where an object is, in its own version or another."""
    version = version or obj["apiVersion"].rpartition("/")[2]
    return f"{collection(obj['kind'], namespace, version)}/{obj['metadata']['name']}"


class Api(ApiServer):
    def post(self, obj: Object, namespace: str, query: str = "") -> Answer:
        version = obj["apiVersion"].rpartition("/")[2]
        return self.ask("POST", collection(obj["kind"], namespace, version) + query, obj)

    def get(self, obj: Object, namespace: str, version: str) -> Object:
        answer = self.ask("GET", path(obj, namespace, version))
        assert answer.status == 200, answer.body
        return answer.body

    def merge(self, obj: Object, namespace: str, version: str, patch: Object) -> Answer:
        return self.ask("PATCH", path(obj, namespace, version), patch, MERGE)

    def apply(self, obj: Object, namespace: str, manager: str) -> Answer:
        query = f"?fieldManager={manager}&fieldValidation=Strict"
        return self.ask("PATCH", path(obj, namespace) + query, obj, APPLY)

    def events(self, kind: str, namespace: str, version: str, since: str) -> Iterator[Object]:
        """What a watch tells for a second."""
        query = f"?watch=true&timeoutSeconds=1&resourceVersion={since}"
        self._connection.request("GET", collection(kind, namespace, version) + query, None, self._headers)
        answer = self._connection.getresponse()
        for line in answer.read().splitlines():
            yield json.loads(line)
