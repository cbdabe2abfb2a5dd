"""One HTTP session to the API server: credentials, bounded bodies, typed errors, warnings, the server's clock.

`open_session` is also what a library that brings its own requests (kopf) can use, so that tokens rotate for both alike.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp
import orjson
from yarl import URL

from kube.config import Connection
from kube.connections import Connector
from kube.errors import ApiError, ServerError, Unreachable, from_status

JSON: Final = "application/json"
MAX_BODY: Final = 64 * 1024 * 1024
_CHUNK: Final = 256 * 1024
_WARNING: Final = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')

Middleware = aiohttp.ClientMiddlewareType
WarningSink = Callable[[str], None]

log = logging.getLogger(__name__)


def open_session(
    connection: Connection, user_agent: str, middlewares: Sequence[Middleware] = ()
) -> aiohttp.ClientSession:
    """A session that sends the connection's credentials, and tries once more with new ones after a 401."""

    async def authorize(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        request.server_hostname = connection.server_name
        for renewed in (False, True):
            if header := await connection.credentials.header():
                request.headers["Authorization"] = header
            response = await handler(request)
            if response.status != 401 or renewed or not await connection.credentials.renew():
                return response
            response.release()
        raise AssertionError("the second try returns")

    return aiohttp.ClientSession(
        connector=Connector(limit=0, ssl=connection.ssl or True),
        middlewares=(*middlewares, authorize),
        headers={"User-Agent": user_agent, "Accept": JSON},
        proxy=connection.proxy,
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=Response,
        auto_decompress=True,
    )


class Response(aiohttp.ClientResponse):
    """Reads JSON with orjson, for libraries too: in half of the time, with one string for each name of a field.

    Whoever has put something into `heard` is given what was read, before the library is.
    """

    heard: Callable[[Any], object] | None = None

    async def json(self, **options: Any) -> Any:
        if self.content_type != JSON:
            return await super().json(**options)
        content = orjson.loads(await self.read())
        if self.heard is not None:
            self.heard(content)
        return content


class Transport:
    """Requests with a deadline each. `server_date` is the API server's clock at its last answer."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        server: str,
        warnings: WarningSink,
        timeout: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._session = session
        self._server = server
        self._timeout = timeout
        self._monotonic = monotonic
        self.answered_at = float("-inf")
        self.warnings = warnings
        self.server_date: datetime | None = None
        self.requests = 0

    async def close(self) -> None:
        await self._session.close()

    async def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = JSON,
        accept: str = "",
    ) -> Any:
        """The decoded answer. Raises ApiError; a time-out is Unreachable, because the server may have done it."""
        timeout = aiohttp.ClientTimeout(total=self._timeout)
        async with self.stream(method, path, params, timeout, body, content_type, accept) as response:
            content = await _read(response)
        try:
            return orjson.loads(content) if content else {}
        except orjson.JSONDecodeError as error:
            raise ServerError(f"{path}: the answer is no JSON: {content[:200]!r}", status=response.status) from error

    def stream(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        timeout: aiohttp.ClientTimeout,
        body: Any = None,
        content_type: str = JSON,
        accept: str = "",
    ) -> Answer:
        """An answer whose body the caller reads: `async with transport.stream(...) as response`."""
        url = URL(self._server + path, encoded=True).with_query(params or {})
        data = None if body is None else orjson.dumps(body)
        headers = {} if data is None else {"Content-Type": content_type}
        if accept:
            headers["Accept"] = accept
        self.requests += 1
        return Answer(self, self._session.request(method, url, data=data, headers=headers, timeout=timeout), str(url))

    def note(self, headers: Mapping[str, str]) -> None:
        """Take what every answer carries besides its body."""
        self.answered_at = self._monotonic()
        if date := headers.get("Date"):
            self.server_date = parsedate_to_datetime(date)
        for value in getattr(headers, "getall", lambda *_: ())("Warning", ()):
            for text in _WARNING.findall(value):
                self.warnings(re.sub(r"\\(.)", r"\1", text))


class Answer:
    """Turns everything that can go wrong inside the block into ApiError."""

    def __init__(self, transport: Transport, request: Any, url: str) -> None:
        self._transport = transport
        self._request = request
        self._url = url

    async def __aenter__(self) -> aiohttp.ClientResponse:
        try:
            response: aiohttp.ClientResponse = await self._request.__aenter__()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error) from error
        self._transport.note(response.headers)
        if response.status >= 400:
            try:
                raise await _error(response)
            finally:
                response.release()
        return response

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        await self._request.__aexit__(kind, error, trace)
        if isinstance(error, aiohttp.ClientError | TimeoutError | OSError):
            raise self._unreachable(error) from error

    def _unreachable(self, error: BaseException) -> Unreachable:
        what = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
        return Unreachable(f"{self._url.split('?', 1)[0]}: {what}")


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The whole body, refused above MAX_BODY."""
    content = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        content += chunk
        if len(content) > MAX_BODY:
            raise ServerError(f"the answer is larger than {MAX_BODY} bytes", status=response.status)
    return bytes(content)


async def _error(response: aiohttp.ClientResponse) -> ApiError:
    try:
        content = await _read(response)
    except (aiohttp.ClientError, TimeoutError) as error:
        return from_status(response.status, f"{response.reason} (the body could not be read: {error})")
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        body = content.decode(errors="replace")
    after = response.headers.get("Retry-After", "")
    return from_status(response.status, body, float(after) if after.isdigit() else None)
