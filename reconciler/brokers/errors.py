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
    └── LayoutNotSupported   this release cannot read the layout

Messages go into conditions, so they are one line of at most 200 characters without credentials.
"""

# ruff: noqa: N818 - the classes are named after the reasons in conditions
from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar, Final

MESSAGE_LENGTH: Final = 200
SHORT: Final = 6
_USER_INFO: Final = re.compile(r"(?<=//)[^/@\s]*@")
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e\u00a0-\uffff]+")


class BrokerReason(StrEnum):
    """Why a queue cannot be read."""

    BROKER_UNREACHABLE = "BrokerUnreachable"
    BROKER_LOADING = "BrokerLoading"
    CREDENTIALS_REFUSED = "CredentialsRefused"
    CREDENTIALS_MISSING = "CredentialsMissing"
    SECRET_NOT_TRUSTED = "SecretNotTrusted"  # noqa: S105 - a reason, not a secret
    HOST_REFUSED = "HostRefused"
    ADDRESS_INVALID = "AddressInvalid"
    TLS_FAILED = "TLSFailed"
    WRONG_TYPE = "WrongType"
    REPLY_INVALID = "ReplyInvalid"
    LAYOUT_NOT_SUPPORTED = "LayoutNotSupported"


class BrokerError(Exception):
    """A queue that cannot be read, and why. `message` may be shown to anybody who may read the Queue."""

    reason: ClassVar[BrokerReason]

    def __init__(self, message: str, secrets: Iterable[str] = ()) -> None:
        self.message = presentable(message, secrets)
        super().__init__(self.message)


class BrokerUnreachable(BrokerError):
    reason = BrokerReason.BROKER_UNREACHABLE


class BrokerLoading(BrokerError):
    reason = BrokerReason.BROKER_LOADING


class CredentialsRefused(BrokerError):
    reason = BrokerReason.CREDENTIALS_REFUSED


class CredentialsMissing(BrokerError):
    reason = BrokerReason.CREDENTIALS_MISSING


class SecretNotTrusted(BrokerError):
    reason = BrokerReason.SECRET_NOT_TRUSTED


class HostRefused(BrokerError):
    reason = BrokerReason.HOST_REFUSED


class AddressInvalid(BrokerError):
    reason = BrokerReason.ADDRESS_INVALID


class TLSFailed(BrokerError):
    reason = BrokerReason.TLS_FAILED


class WrongType(BrokerError):
    reason = BrokerReason.WRONG_TYPE


class ReplyInvalid(BrokerError):
    reason = BrokerReason.REPLY_INVALID


class LayoutNotSupported(BrokerError):
    reason = BrokerReason.LAYOUT_NOT_SUPPORTED


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
