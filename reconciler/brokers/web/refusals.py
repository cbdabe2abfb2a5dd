"""aiohttp's exceptions and HTTP's refusals, as `BrokerError`s that keep the server's own words."""

from __future__ import annotations

import os
import ssl

import aiohttp

from reconciler.brokers.errors import (
    AddressInvalid,
    BrokerError,
    BrokerUnreachable,
    CredentialsRefused,
    ReplyInvalid,
    TLSFailed,
)
from reconciler.brokers.web.site import Site


def of_exchange(error: BaseException, site: Site, seconds: float) -> BrokerError | None:
    """What a failed exchange means; None for what is not the server's doing, as a cancellation."""
    place = f"{site.host}:{site.port}"
    match error:
        case BrokerError():
            return error
        case TimeoutError():
            return BrokerUnreachable(f"{place} did not answer within {seconds:g} s")
        case ssl.SSLError() | ssl.CertificateError() | aiohttp.ClientSSLError():
            return TLSFailed(f"{place}: {error}", site.secrets)
        case aiohttp.ClientConnectorError():
            return BrokerUnreachable(f"{place}: {_words(error.os_error)}", site.secrets)
        case aiohttp.ServerDisconnectedError():
            return BrokerUnreachable(f"{place} closed the connection")
        case aiohttp.InvalidURL():
            return AddressInvalid(f"{place}: no address that can be asked")
        case aiohttp.ClientOSError() | OSError():
            return BrokerUnreachable(f"{place}: {_words(error)}", site.secrets)
        case aiohttp.ClientError() | ValueError():
            return ReplyInvalid(f"{place} does not speak HTTP as it should: {error}", site.secrets)
    return None


def of_status(status: int, said: str, site: Site) -> BrokerError | None:
    """What an answer's status means before anybody has looked into it; None where that is the asker's business."""
    place = f"{site.host}:{site.port}"
    if 300 <= status < 400:
        return AddressInvalid(f"{place} sends us elsewhere ({status}), and redirects are not followed")
    if status in (401, 403):
        words = f" ({said})" if said else ""
        return CredentialsRefused(f"{place} answers {status}{words}", site.secrets)
    if status in (429, 502, 503, 504):
        return BrokerUnreachable(f"{place} answers {status}: {said or 'it cannot serve now'}", site.secrets)
    return None


def _words(error: OSError) -> str:
    """The system's own words, without those that libraries put around them."""
    return (os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror) or str(error)
