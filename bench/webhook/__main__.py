"""`python -m bench.webhook`: both servers in one run, in turns, on the same core.

With `--beside gatekeeper` it puts Headgate beside that instead, with the same rules in CEL.
"""

from __future__ import annotations

import argparse
import base64
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.webhook import samples, world
from bench.webhook.beside import comparison
from bench.webhook.measuring import CONNECTIONS, Loader, Report, measure, middle
from bench.webhook.servers import Server, build, certificates, controller_runtime, headgate, post


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.webhook", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each server; the median is told")
    parser.add_argument("--json", type=Path, help="also write every measurement to this file")
    parser.add_argument(
        "--python",
        default=sys.executable,
        help="the interpreter of Headgate's servers, such as a distribution's own: one that was built with profiles"
        " is a fifth faster than one that was not",
    )
    parser.add_argument(
        "--beside",
        nargs="+",
        choices=list(comparison.PEERS),
        metavar="ENGINE",
        help=f"put Headgate beside policy engines instead ({', '.join(comparison.PEERS)}), with equal rules in CEL; the"
        " first run builds them, which takes some minutes",
    )
    options = parser.parse_args()
    if options.beside:
        results = comparison.run(options.beside, options.seconds, options.rounds, options.python)
    else:
        results = beside_go(options.seconds, options.rounds, options.python)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2))
    wrong = sum(report["wrong"] for reports in results.values() for report in reports)
    if wrong:
        sys.exit(f"{wrong:.0f} answers were wrong")


def beside_go(seconds: float, rounds: int, python: str) -> dict[str, list[Report]]:
    loader = build("loader")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        world.write(folder / "world", world.policies())
        world.write(folder / "ruled", [*world.policies(), world.ruled()])
        authority, cases = certificates(folder), list(world.cases())
        (folder / "cases.json").write_text(json.dumps(cases, separators=(",", ":")))
        with (
            headgate(folder / "world", folder, python=python) as ours,
            controller_runtime(folder / "world", folder) as theirs,
            headgate(folder / "ruled", folder, "with ten rules in CEL", python) as ruled,
        ):
            verify(cases, authority, ours, theirs)
            load = Loader(loader, authority, folder / "cases.json", seconds)
            results = measure(load, (ours, theirs, ruled), rounds)
            print(f"Headgate runs on {interpreter(python)}")
            show(cases, (ours, theirs, ruled), results)
    return results


def interpreter(python: str) -> str:
    """Its version, and where it comes from."""
    version = subprocess.run([python, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{version}, {Path(python).resolve()}"


def verify(cases: Sequence[dict[str, Any]], authority: Path, ours: Server, theirs: Server) -> None:
    """Both give the same verdict, patch and warnings and refuse the same fields, before anything is measured."""
    compared = [*samples.reviews(), *cases]
    for number, case in enumerate(compared):
        body = json.dumps(case["body"]).encode()
        answers = [_substance(post(server.port, authority, case["path"], body)) for server in (ours, theirs)]
        name = case.get("name", f"case {number}")
        if answers[0] != answers[1]:
            raise RuntimeError(f"{name}: {ours.name} says {answers[0]}, {theirs.name} says {answers[1]}")
        if "want" in case and answers[0]["allowed"] is not ("true" in case["want"]):
            raise RuntimeError(f"{name}: {answers[0]}, wanted {case['want']}")
    print(f"{len(compared)} reviews answered alike, with {sum('name' in case for case in compared)} that break rules")


def _substance(answer: bytes) -> dict[str, Any]:
    response = json.loads(answer)["response"]
    patch = json.loads(base64.b64decode(response["patch"])) if "patch" in response else []
    causes = response.get("status", {}).get("details", {}).get("causes", [])
    return {
        "allowed": response["allowed"],
        "patch": sorted(patch, key=lambda operation: str(operation["path"])),
        "causes": sorted((cause["field"], cause["reason"]) for cause in causes),
        "warnings": sorted(response.get("warnings", [])),
    }


def show(cases: Sequence[dict[str, Any]], servers: Sequence[Server], results: dict[str, list[Report]]) -> None:
    sizes = [len(json.dumps(case["body"], separators=(",", ":"))) for case in cases]
    print(
        f"{world.OBJECTS} objects, {world.POLICIES} policies of limits, {len(cases)} kinds of reviews of"
        f" {min(sizes)} to {max(sizes)} bytes; one core a server, TLS, answers checked"
    )
    print(f"{'':30}{'reviews/s':>10}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}")
    for name, reports in results.items():
        told = f"{middle(reports, 'rate'):>10.0f}{middle(reports, 'p50'):>9.3f}{middle(reports, 'p99'):>9.3f}"
        print(f"{name:30}{told}{middle(reports, 'cpu'):>9.0f}")
    for server in servers:
        print(
            f"{server.name:30}RSS {server.memory():.0f} MiB, most {server.memory('VmHWM'):.0f} MiB,"
            f" first answer after {server.ready:.2f} s"
        )
    for server in servers:
        if server.side_port:
            p50, p99 = (middle(results[f"{server.name} half"], f"inside {part}") for part in ("p50", "p99"))
            print(f"{server.name:30}at half load, inside the server: p50 within {p50:g} ms, p99 within {p99:g} ms")
    one, other, ruled = (server.name for server in servers)
    for connections in CONNECTIONS:
        rates = [middle(results[f"{name} c={connections}"], "rate") for name in (one, other)]
        costs = [middle(results[f"{name} c={connections}"], "cpu") for name in (one, other)]
        print(
            f"{one} / {other} at c={connections}: {rates[0] / rates[1]:.2f},"
            f" by processor time a review {costs[1] / costs[0]:.2f}"
        )
        more = middle(results[f"{ruled} c={connections}"], "cpu") - costs[0]
        print(f"ten rules in CEL at c={connections}: {more:.0f} us of processor time more a review")


if __name__ == "__main__":
    main()
