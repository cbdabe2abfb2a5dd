"""Samples with everything a test doesn't care about filled in."""

from __future__ import annotations

from typing import Any

from demo.sample import Sample


def a_sample(time: float = 0.0, **fields: Any) -> Sample:
    quiet: dict[str, Any] = {
        "waiting": 0,
        "in_flight": 0,
        "oldest": 0.0,
        "wanted": 1,
        "pods": 1,
        "ready": 1,
        "busy": 0,
        "draining": 0,
        "revisions": 1,
        "why": "no jobs",
    }
    return Sample(time, **{**quiet, **fields})
