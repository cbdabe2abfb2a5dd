"""An engine that runs, and what the API server would ask it of one write."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import Popen
from typing import Final

import jsonpatch

from bench.webhook import world
from bench.webhook.beside.writes import Write, measured
from bench.webhook.servers import PEERS, Server, post
from bench.webhook.world import Object
from tests.cluster import builder, waiting
from tests.cluster.errors import DiedError

PATIENCE_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Engine:
    server: Server
    authority: Path
    host: str
    """The name in the server's certificate."""
    paths: tuple[str, ...]
    """What one write is sent to, in this order; the last is shown what will be stored."""
    refuses_at: int = 0
    """Which of the paths refuses what breaks a rule; none after it is asked then."""
    sets_labels: bool = False
    """Whether the first path sets the world's labels."""

    def calls(self, write: Write) -> list[Object]:
        asked = self.paths if write.good else self.paths[: self.refuses_at + 1]
        return [self._call(number, path, write) for number, path in enumerate(asked)]

    def _call(self, number: int, path: str, write: Write) -> Object:
        stored = number == len(self.paths) - 1
        new = world.labelled(write.new) if stored else write.new
        old = world.labelled(write.old) if stored and write.old else write.old
        allowed = write.good or number < self.refuses_at
        return {"path": path, "body": world.review(new, old), "want": f'"allowed":{json.dumps(allowed)}'}

    def differing(self, writes: Iterable[Write]) -> list[str]:
        """What it judges or sets otherwise than is right."""
        asked = [(write, call) for write in writes for call in self.calls(write)]
        return [f"{write.name}: {call['path']}: {said}" for write, call in asked if (said := self._wrong(write, call))]

    def _wrong(self, write: Write, call: Object) -> str:
        answer = self._answer(call)
        if call["want"] not in answer:
            return f"{answer}, want {call['want']}"
        passes = write.good or self.refuses_at > 0
        expected = world.LABELS if self.sets_labels and passes and call["path"] == self.paths[0] else {}
        found = _labels_set(json.loads(answer)["response"], call["body"]["request"]["object"])
        return f"sets {found}, want {expected}" if found != expected else ""

    def _answer(self, call: Object) -> str:
        body = json.dumps(call["body"]).encode()
        return post(self.server.port, self.authority, call["path"], body, self.host).decode()


def _labels_set(response: Object, obj: Object) -> Object:
    """The labels that the answer's patch adds or changes."""
    patch = base64.b64decode(response["patch"]) if response.get("patch") else b"[]"
    labels: Object = jsonpatch.apply_patch(obj, patch.decode())["metadata"]["labels"]
    return {key: value for key, value in labels.items() if obj["metadata"]["labels"].get(key) != value}


def with_labels(judging: Engine, path: str) -> Engine:
    """The same server, asked to set labels before it judges."""
    server = replace(judging.server, name=f"{judging.server.name}, labels too")
    return replace(judging, server=server, paths=(path, *judging.paths), refuses_at=1, sets_labels=True)


def tool(name: str, module: str, package: str) -> builder.Tool:
    """A program of a Go module that `bench/peers` pins."""
    return builder.Tool(name, module, {name: f"{module}{package}"}, inputs=PEERS)


def until_enforced(engine: Engine, process: Popen[bytes], log: Path) -> None:
    """Waits until the engine does with the writes that are measured what is right."""

    def wrong() -> str | None:
        must_run(process, log)
        try:
            differing = engine.differing(measured())
        except OSError as error:
            return f"{error!r}\n{tail(log)}"
        return f"{differing[0]}\n{tail(log)}" if differing else None

    waiting.until(f"{engine.server.name} enforces its rules", wrong, PATIENCE_SECONDS)


def must_run(process: Popen[bytes], log: Path) -> None:
    if process.poll() is not None:
        raise DiedError(f"exit code {process.returncode}; end of its log:\n{tail(log)}")


def tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else "(no log)"
