"""redis-py's exceptions and Redis's error replies, as `BrokerError`s that keep the broker's own words."""

from __future__ import annotations

import os
import ssl
from typing import Final

from redis import exceptions
from redis.exceptions import RedisError, ResponseError

from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.errors import (
    AddressInvalid,
    BrokerError,
    BrokerLoading,
    BrokerUnreachable,
    CredentialsRefused,
    ReplyInvalid,
    TLSFailed,
    WrongType,
)

_CREDENTIALS: Final = ("NOAUTH", "WRONGPASS", "NOPERM")
_REPLIES: Final[dict[str, type[BrokerError]]] = {
    **dict.fromkeys(_CREDENTIALS, CredentialsRefused),
    "WRONGTYPE": WrongType,
    "LOADING": BrokerLoading,
    "BUSY": BrokerLoading,
    "MASTERDOWN": BrokerUnreachable,
    "READONLY": BrokerUnreachable,
    "MOVED": AddressInvalid,
    "ASK": AddressInvalid,
    "CLUSTERDOWN": BrokerUnreachable,
}


class PeerRefusedError(RedisError):
    """Carries a refusal of ours through redis-py, which closes the connection for it."""

    def __init__(self, refusal: BrokerError) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def of_reply(error: ResponseError, what: str, endpoint: Endpoint) -> BrokerError:
    """The refusal of one command; `what` names the command and the key."""
    text = _text(error)
    return _REPLIES.get(text.split(" ", 1)[0], ReplyInvalid)(f"{what}: {text}", endpoint.secrets)


def of_connection(error: BaseException, endpoint: Endpoint, seconds: float) -> BrokerError | None:
    """What a failed exchange means; None for what is not the broker's doing, as a cancellation."""
    match error:
        case BrokerError():
            return error
        case PeerRefusedError():
            return error.refusal
        case TimeoutError() | exceptions.TimeoutError():
            return BrokerUnreachable(f"{endpoint.host}:{endpoint.port} did not answer within {seconds:g} s")
        case RedisError() | OSError() | ValueError() | RecursionError():
            return _kind(error)(_at_connect(error, endpoint) or _text(error), endpoint.secrets)
    return None


def timed_out(error: BrokerError) -> bool:
    return isinstance(error.__cause__, TimeoutError | exceptions.TimeoutError)


def _kind(error: Exception) -> type[BrokerError]:
    match error:
        case exceptions.BusyLoadingError():
            return BrokerLoading
        case exceptions.AuthenticationError() | exceptions.AuthorizationError() | exceptions.NoPermissionError():
            return CredentialsRefused
        case exceptions.AuthenticationWrongNumberOfArgsError():
            return CredentialsRefused
        case exceptions.ConnectionError() | OSError():
            return TLSFailed if _of_tls(error) else BrokerUnreachable
        case ResponseError():
            return _REPLIES.get(_text(error).split(" ", 1)[0], AddressInvalid)
    return ReplyInvalid


def _at_connect(error: BaseException, endpoint: Endpoint) -> str:
    """The system's own words for a connection that never came about; redis-py's leave out the point."""
    cause = error.__context__
    if not isinstance(error, exceptions.ConnectionError) or not isinstance(cause, OSError):
        return ""
    words = os.strerror(cause.errno) if cause.errno and cause.errno > 0 else cause.strerror
    return "" if _of_tls(error) else f"{endpoint.host}:{endpoint.port}: {words or cause}"


def _of_tls(error: BaseException) -> bool:
    return isinstance(error, ssl.SSLError) or isinstance(error.__context__, ssl.SSLError)


def _text(error: BaseException) -> str:
    """The message as the broker sent it: redis-py takes the code off some replies."""
    text = str(error)
    code = getattr(error, "status_code", None)
    return f"{code} {text}" if code and not text.startswith(code) else text
