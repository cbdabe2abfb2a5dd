"""The API server's own verdict on an object, by dry run."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from crds import meta

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Object
    warnings: tuple[str, ...]

    @property
    def refused(self) -> bool:
        return self.status in (400, 422)

    @property
    def fields(self) -> list[str]:
        return [cause.get("field", "") for cause in self.body.get("details", {}).get("causes", ())]


class ApiServer:
    """One connection, kept open: a property test asks hundreds of times."""

    def __init__(self, kubeconfig: Path, seconds: float = 30) -> None:
        config = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._headers = {"Content-Type": "application/json"}
        if "token" in user:
            self._headers["Authorization"] = f"Bearer {user['token']}"
        address = urlsplit(cluster["server"])
        context = _tls(cluster, user)
        self._connection = http.client.HTTPSConnection(str(address.netloc), context=context, timeout=seconds)

    def ask(self, method: str, path: str, body: Object | None = None, content: str = "application/json") -> Answer:
        text = None if body is None else json.dumps(body)
        self._connection.request(method, path, text, self._headers | {"Content-Type": content})
        answer = self._connection.getresponse()
        warnings = tuple(answer.headers.get_all("Warning", ()))
        return Answer(answer.status, json.loads(answer.read()), warnings)

    def create(self, obj: Object, namespace: str, *, dry_run: bool = True) -> Answer:
        return self.ask("POST", collection(obj["kind"], namespace) + ("?dryRun=All" if dry_run else ""), obj)

    def update(self, obj: Object, namespace: str) -> Answer:
        return self.ask("PUT", f"{collection(obj['kind'], namespace)}/{obj['metadata']['name']}?dryRun=All", obj)

    def close(self) -> None:
        self._connection.close()


def collection(kind: str, namespace: str) -> str:
    (of_kind,) = (entry for entry in meta.KINDS if entry.kind == kind)
    within = f"/namespaces/{namespace}" if of_kind.namespaced else ""
    return f"/apis/{meta.API_VERSION}{within}/{of_kind.plural}"


def _tls(cluster: Object, user: Object) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if "certificate-authority-data" in cluster:
        context.load_verify_locations(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    elif "certificate-authority" in cluster:
        context.load_verify_locations(cafile=cluster["certificate-authority"])
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if "client-certificate" in user:
        context.load_cert_chain(user["client-certificate"], user["client-key"])
    elif "client-certificate-data" in user:
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for part in ("client-certificate-data", "client-key-data"):
                file = Path(folder, part)
                file.touch(mode=0o600)
                file.write_bytes(base64.b64decode(user[part]))
                files.append(str(file))
            context.load_cert_chain(*files)
    return context
