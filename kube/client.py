"""The verbs of the API server over plain dicts.

Every call is one request (a list: one a page) with a deadline; nothing is retried here except a 401 with renewed
credentials. Callers decide by the error's `retry`. Objects go in and come out as the server's JSON.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

from kube.config import Connection
from kube.errors import Gone, NotFound, ServerError
from kube.resources import Resource
from kube.stream import Event, watch
from kube.transport import Transport, WarningSink, open_session

Object = dict[str, Any]
Trim = Callable[[Object], Object]
PAGE: Final = 500
MAX_OBJECTS: Final = 200_000
APPLY: Final = "application/apply-patch+yaml"
MERGE_PATCH: Final = "application/merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
METADATA_LIST: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

log = logging.getLogger(__name__)


def _whole(obj: Object) -> Object:
    return obj


def _log_warning(text: str) -> None:
    log.warning("the API server warns: %s", text)


@dataclass(frozen=True, slots=True)
class Listing:
    """A consistent list and the resourceVersion to watch from."""

    items: tuple[Object, ...]
    resource_version: str


class Client:
    """`async with Client(await config.load(path)) as client:`; `timeout` in seconds bounds each request."""

    def __init__(
        self,
        connection: Connection,
        *,
        field_manager: str = "headgate",
        user_agent: str = "headgate",
        warnings: WarningSink = _log_warning,
        timeout: float = 30.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.connection = connection
        self.field_manager = field_manager
        self._user_agent = user_agent
        self._warnings = warnings
        self._timeout = timeout
        self._monotonic = monotonic
        self._open: Transport | None = None

    async def __aenter__(self) -> Self:
        session = open_session(self.connection, self._user_agent)
        self._open = Transport(session, self.connection.server, self._warnings, self._timeout, self._monotonic)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.close()

    @property
    def _transport(self) -> Transport:
        if self._open is None:
            raise RuntimeError("the client is not open: use `async with`")
        return self._open

    @property
    def server_date(self) -> datetime | None:
        """The API server's clock at its last answer, to the second; None before the first."""
        return self._transport.server_date

    @property
    def answered_at(self) -> float:
        """When the API server last answered anything, in seconds of the monotonic clock."""
        return self._transport.answered_at

    @property
    def requests(self) -> int:
        """How many requests were sent, watches included."""
        return self._transport.requests

    async def get(self, resource: Resource, name: str, namespace: str | None = None, subresource: str = "") -> Object:
        return await self._send("GET", resource.path(namespace, name, subresource))

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
        metadata_only: bool = False,
        trim: Trim | None = None,
        page: int = PAGE,
    ) -> Listing:
        """Everything that matches, read in pages. A list that expires on the way is started over, twice.

        With `metadata_only` the server leaves out all but the metadata. `trim` makes of each object what is kept of it
        before the next page is read: whoever needs little of many objects never holds all of them whole.
        """
        selectors = {"labelSelector": label_selector, "fieldSelector": field_selector}
        params = {"limit": str(page)} | {key: value for key, value in selectors.items() if value}
        for attempt in range(3):
            try:
                return await self._pages(resource, resource.path(namespace), params, metadata_only, trim or _whole)
            except Gone:
                if attempt == 2:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _pages(
        self, resource: Resource, path: str, params: Mapping[str, str], metadata_only: bool, trim: Trim
    ) -> Listing:
        items: list[Object] = []
        accept = METADATA_LIST if metadata_only else ""
        names = {"apiVersion": resource.api_version, "kind": resource.kind}
        page: Mapping[str, str] = params
        while len(items) <= MAX_OBJECTS:
            answer = await self._send("GET", path, page, accept=accept)
            # Built-in lists leave these out of their items; whoever keeps an item wants to know what it is.
            items += (trim(item | names) for item in answer["items"] or ())
            if not (token := answer["metadata"].get("continue")):
                return Listing(tuple(items), answer["metadata"]["resourceVersion"])
            page = {**params, "continue": token}
        raise ServerError(f"more than {MAX_OBJECTS} {resource}")

    async def pages(
        self, resource: Resource, namespace: str | None = None, page: int = PAGE
    ) -> AsyncGenerator[tuple[Object, ...], None]:
        """Everything, a page at a time, for whoever looks at each object once. Raises Gone when it takes too long."""
        params = {"limit": str(page)}
        while True:
            answer = await self._send("GET", resource.path(namespace), params)
            yield tuple(answer["items"] or ())
            if not (token := answer["metadata"].get("continue")):
                return
            params = {"limit": str(page), "continue": token}

    def watch(
        self,
        resource: Resource,
        namespace: str | None,
        resource_version: str,
        label_selector: str = "",
        field_selector: str = "",
        timeout_seconds: int = 300,
    ) -> AsyncGenerator[Event, None]:
        """Changes after `resource_version`, until the server ends the stream. Raises Gone when that is too old.

        A stream silent for longer than 90 s (bookmarks come every minute, if at all) raises Silence.
        """
        params = {"resourceVersion": resource_version, "timeoutSeconds": str(timeout_seconds)}
        selectors = {"labelSelector": label_selector, "fieldSelector": field_selector}
        params |= {key: value for key, value in selectors.items() if value}
        return watch(self._transport, resource.path(namespace), params, timeout_seconds)

    async def served(self, resource: Resource) -> bool:
        """Whether the API server knows the kind, as by a CRD that is established."""
        try:
            found = await self._send("GET", resource.root)
        except NotFound:
            return False
        return any(entry["name"] == resource.plural for entry in found["resources"])

    async def serves_subresource(self, resource: Resource, subresource: str) -> bool:
        found = await self._send("GET", resource.root)
        return any(entry["name"] == f"{resource.plural}/{subresource}" for entry in found["resources"])

    async def create(
        self,
        resource: Resource,
        obj: Mapping[str, Any],
        namespace: str | None = None,
        subresource: str = "",
        dry_run: bool = False,
    ) -> Object:
        """Create an object, or post to one's subresource (an Eviction, a TokenRequest)."""
        metadata = obj.get("metadata", {})
        path = resource.path(
            namespace or metadata.get("namespace"), metadata["name"] if subresource else "", subresource
        )
        return await self._send("POST", path, self._write_params(dry_run=dry_run), obj)

    async def replace(
        self, resource: Resource, obj: Mapping[str, Any], namespace: str | None = None, subresource: str = ""
    ) -> Object:
        """PUT. Its metadata.resourceVersion, if there, must be the stored one, else Conflict."""
        metadata = obj["metadata"]
        path = resource.path(namespace or metadata.get("namespace"), metadata["name"], subresource)
        return await self._send("PUT", path, self._write_params(), obj)

    async def apply(
        self,
        resource: Resource,
        obj: Mapping[str, Any],
        field_manager: str,
        force: bool = True,
        subresource: str = "",
        dry_run: bool = False,
    ) -> Object:
        """Server-side apply: create it, or own exactly the fields given. Others' fields need `force`, else Conflict."""
        metadata = obj["metadata"]
        path = resource.path(metadata.get("namespace"), metadata["name"], subresource)
        params = self._write_params(field_manager, dry_run) | {"force": "true" if force else "false"}
        return await self._send("PATCH", path, params, obj, APPLY)

    async def merge_patch(
        self,
        resource: Resource,
        name: str,
        namespace: str | None,
        patch: Mapping[str, Any],
        subresource: str = "",
        field_manager: str = "",
    ) -> Object:
        """RFC 7386. With metadata.resourceVersion or metadata.uid in it the server tests them: Conflict."""
        path = resource.path(namespace, name, subresource)
        return await self._send("PATCH", path, self._write_params(field_manager), patch, MERGE_PATCH)

    async def json_patch(
        self,
        resource: Resource,
        name: str,
        namespace: str | None,
        operations: Sequence[Mapping[str, Any]],
        subresource: str = "",
        field_manager: str = "",
    ) -> Object:
        """RFC 6902. A failed `test` is Invalid."""
        path = resource.path(namespace, name, subresource)
        return await self._send("PATCH", path, self._write_params(field_manager), operations, JSON_PATCH)

    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
        grace_seconds: int | None = None,
        propagation: str = "",
        dry_run: bool = False,
    ) -> Object:
        """Delete by name. `uid` and `resource_version` are preconditions: Conflict where they do not hold.

        A dry run is said in the body: where there is one the API server does not look at the query, and would delete.
        The query says it to whoever reads an audit log without bodies.
        """
        preconditions = {"uid": uid, "resourceVersion": resource_version}
        options: Object = {
            "preconditions": {key: value for key, value in preconditions.items() if value is not None} or None,
            "gracePeriodSeconds": grace_seconds,
            "propagationPolicy": propagation or None,
            "dryRun": ["All"] if dry_run else None,
        }
        body = {key: value for key, value in options.items() if value is not None}
        params = {"dryRun": "All"} if dry_run else None
        return await self._send("DELETE", resource.path(namespace, name), params, body or None)

    def _write_params(self, field_manager: str = "", dry_run: bool = False) -> dict[str, str]:
        params = {"fieldManager": field_manager or self.field_manager}
        return params | ({"dryRun": "All"} if dry_run else {})

    async def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        accept: str = "",
    ) -> Object:
        answer: Object = await self._transport.request(method, path, params, body, content_type, accept)
        return answer
