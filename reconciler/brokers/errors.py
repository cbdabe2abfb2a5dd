"""What can go wrong between the reconciler and a broker, each with a reason that never changes its name.

    BrokerError
    ├── BrokerUnreachable    no connection, no answer in time, or the broker left
    ├── BrokerLoading        it reads its data set and answers nothing yet
    ├── CredentialsRefused   it refuses the user, the password or the command
    ├── CredentialsMissing   the Secret or one of its keys is not there
    ├── SecretNotTrusted     the Secret does not say that it is meant for brokers
    ├── HostRefused          the address is one nothing of ours is sent to
    ├── AddressInvalid       the address cannot be understood
    ├── TLSFailed            no agreement on a secured connection
    ├── WrongType            a key of the queue holds something else
    ├── ReplyInvalid         the answer is no answer to what was asked, or too large
    ├── QueueNotFound        the broker knows no such queue
    ├── QueryInvalid         a query in PromQL gives something else than one number
    ├── NoData               a query in PromQL gives no present value
    └── LayoutNotSupported   this release cannot read the layout

Messages go into conditions, so they are one line of at most 200 characters without credentials.
"""

# ruff: noqa: N818 - the classes are named after the reasons in conditions
from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar, Final

from reconciler.reasons import Reason

MESSAGE_LENGTH: Final = 200
SHORT: Final = 6
_USER_INFO: Final = re.compile(r"(?<=//)[^/@\s]*@")
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e\u00a0-\uffff]+")


class BrokerError(Exception):
    """A queue that cannot be read, and why. `message` may be shown to anybody who may read the Queue."""

    reason: ClassVar[Reason]
    passes: ClassVar[bool] = False
    """Whether it may well mend itself; everything else waits for somebody to change something."""

    def __init__(self, message: str, secrets: Iterable[str] = ()) -> None:
        self.message = presentable(message, secrets)
        super().__init__(self.message)

    def again(self) -> BrokerError:
        """The same for somebody else: an exception that is raised twice would show the first one's way as well."""
        return type(self)(self.message)


class BrokerUnreachable(BrokerError):
    reason = Reason.BROKER_UNREACHABLE
    passes = True


class BrokerLoading(BrokerError):
    reason = Reason.BROKER_LOADING
    passes = True


class CredentialsRefused(BrokerError):
    reason = Reason.CREDENTIALS_REFUSED


class CredentialsMissing(BrokerError):
    reason = Reason.CREDENTIALS_MISSING


class SecretNotTrusted(BrokerError):
    reason = Reason.SECRET_NOT_TRUSTED


class HostRefused(BrokerError):
    reason = Reason.HOST_REFUSED


class AddressInvalid(BrokerError):
    reason = Reason.ADDRESS_INVALID


class TLSFailed(BrokerError):
    reason = Reason.TLS_FAILED


class WrongType(BrokerError):
    reason = Reason.WRONG_TYPE


class ReplyInvalid(BrokerError):
    reason = Reason.REPLY_INVALID


class QueueNotFound(BrokerError):
    reason = Reason.QUEUE_NOT_FOUND
    passes = True


class QueryInvalid(BrokerError):
    reason = Reason.QUERY_INVALID


class NoData(BrokerError):
    reason = Reason.NO_DATA
    passes = True


class LayoutNotSupported(BrokerError):
    reason = Reason.LAYOUT_NOT_SUPPORTED


def presentable(message: str, secrets: Iterable[str] = ()) -> str:
    """`message` as one printable line of at most 200 characters, without `secrets` and without user info in URLs."""
    text = _UNPRINTABLE.sub(" ", message).strip()
    text = _USER_INFO.sub("***@", text)
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = _pattern(secret).sub("***", text)
    return text if len(text) <= MESSAGE_LENGTH else text[: MESSAGE_LENGTH - 3] + "..."


def _pattern(secret: str) -> re.Pattern[str]:
    """A short secret is a word of its own or none: a user called "e" must not blot out every e."""
    text = re.escape(secret)
    return re.compile(text if len(secret) >= SHORT else rf"(?<!\w){text}(?!\w)")
