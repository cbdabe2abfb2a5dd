"""What a Queue's settings can come to with the layout of its jobs.

Workers of the layouts of our own read the configuration file and do what it says, and Headgate moves and deletes jobs
there. The libraries behind the other layouts keep to settings of their own. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from policies.fields import text

OWN: Final = frozenset({"List", "Stream"})
WITHOUT_DEAD_LETTERS: Final = frozenset({"Celery"})
"""Layouts in which a job that failed for good is gone."""


def layout(spec: Mapping[str, Any]) -> str:
    """The Redis layout that the spec of a Queue, or what is kept of it, names; "" at another broker."""
    return text(spec, "broker", "redis", "layout")


def read_by_workers(spec: Mapping[str, Any]) -> bool:
    """Whether the queue's workers follow its configuration."""
    return layout(spec) in OWN
