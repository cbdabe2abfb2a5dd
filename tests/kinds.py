"""Our kinds on a test's API server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from tests.cluster.cluster import Cluster
from tests.cluster.waiting import until

GENERATED: Final = str(Path(__file__).parents[1] / "crds" / "generated")


def serve(cluster: Cluster) -> None:
    """Applies the CRDs and waits until they are served; `kubectl wait` fails on one that has no conditions yet."""
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", GENERATED)

    def lacking() -> str | None:
        found = json.loads(cluster.kubectl("get", "-f", GENERATED, "-o", "json"))["items"]
        names = [one["metadata"]["name"] for one in found if not _established(one)]
        return f"not established: {', '.join(names)}" if names else None

    until("our kinds are served", lacking, 90)


def _established(crd: dict[str, object]) -> bool:
    status = crd.get("status")
    held = status.get("conditions") if isinstance(status, dict) else None
    return any(one["type"] == "Established" and one["status"] == "True" for one in held or ())
