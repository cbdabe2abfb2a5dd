"""Events with the reasons that are documented. Say what happened to which value, once, when it happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kube.events import EventType, Recorder
from reconciler.reasons import Reason


class Events:
    """A recorder that takes only documented reasons."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def normal(self, obj: Mapping[str, Any], reason: Reason, message: str) -> None:
        self._recorder.record(obj, EventType.NORMAL, str(reason), message)

    def warning(self, obj: Mapping[str, Any], reason: Reason, message: str) -> None:
        self._recorder.record(obj, EventType.WARNING, str(reason), message)
