"""`python -m bench.differential`: thousands of cases, and every one on which the verdicts differ.

It starts an API server, puts a webhook in front of it and binds the native limits, as the differential test does. The
seed is printed, and gives the same cases again.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests import kinds
from tests.cluster.cluster import running_control_plane
from tests.crds.apiserver import ApiServer
from tests.differential.running import Differential
from tests.webhooks.install import installed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.differential", description=__doc__)
    parser.add_argument("--groups", type=int, default=50, help="sets of policies")
    parser.add_argument("--cases", type=int, default=100, help="cases under each set")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="what chance begins with")
    options = parser.parse_args()
    began = time.monotonic()
    with running_control_plane() as cluster, tempfile.TemporaryDirectory() as folder:
        kinds.serve(cluster)
        server = ApiServer(cluster.kubeconfig)
        with installed(cluster, "install-differential", Path(folder)) as install:
            chance = Random(options.seed)  # noqa: S311 - cases, not secrets
            run = Differential(cluster, install, server, chance)
            with run.floor():
                for number in range(options.groups):
                    run.group(number, options.cases)
        server.close()
    print(f"{'seed':34}{options.seed}\n{run.report}\n{'seconds':34}{time.monotonic() - began:.0f}")
    for disagreement in run.report.disagreements:
        print(disagreement)
    sys.exit(1 if run.report.disagreements else 0)


if __name__ == "__main__":
    main()
