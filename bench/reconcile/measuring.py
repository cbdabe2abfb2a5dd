"""What can be seen of a reconciler from outside: its metrics, its process, what it costs the API server and Redis."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SERIES = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')
TICKS = os.sysconf("SC_CLK_TCK")
Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    """An exposition in Prometheus' text format."""
    return {
        (name, frozenset(LABEL.findall(labels or ""))): float(value) for name, labels, value in SERIES.findall(text)
    }


def total(found: Samples, name: str, **labels: str) -> float:
    """The sum of all series of a name that carry these labels."""
    wanted = set(labels.items())
    return sum(value for (series, has), value in found.items() if series == name and wanted <= has)


@dataclass(frozen=True, slots=True)
class Process:
    """CPU seconds used so far, and resident memory in MiB, now and at most."""

    cpu: float
    rss: float
    most: float

    @classmethod
    def of(cls, pid: int) -> Process:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
        )
        rss, most = (int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
        return cls((int(fields[11]) + int(fields[12])) / TICKS, rss, most)


def quantile(before: Samples, after: Samples, name: str, part: float, **labels: str) -> float:
    """A quantile of a histogram's new observations, in its unit; linear within a bucket, as Prometheus has it."""
    counts: dict[float, float] = {}
    wanted_labels = set(labels.items())
    for (series, has), value in after.items():
        if series == f"{name}_bucket" and wanted_labels <= has:
            edge = float(dict(has)["le"])
            counts[edge] = counts.get(edge, 0.0) + value - before.get((series, has), 0.0)
    edges = sorted(counts)
    if not edges or counts[edges[-1]] == 0:
        return float("nan")
    wanted, low, below = part * counts[edges[-1]], 0.0, 0.0
    for edge in edges:
        if counts[edge] >= wanted:
            if edge == float("inf"):
                return low
            return low + (edge - low) * (wanted - below) / max(counts[edge] - below, 1e-9)
        low, below = edge, counts[edge]
    return low
