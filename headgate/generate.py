"""`python -m headgate.generate` writes the reference of the processes; `--check` only says what is stale.

Made are `docs/reference/reasons.md`, `metrics.md`, `settings.md`, `rules.md`, `libraries.md` and `commands.md`, from
the code that uses them.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Final

import click
from prometheus_client import CollectorRegistry

import reconciler.settings
import webhooks.converter
import webhooks.settings
from crds import meta
from headgate.cli import main as main_command
from headgate.options import flag, variable
from policies import Operation
from policies.rules import BUILT_IN, POLICY, Rule
from reconciler.children.ways import LIBRARIES
from reconciler.conditions import KIND_CONDITIONS, Polarity
from reconciler.metrics import DECLARED
from reconciler.reasons import Reason
from webhooks import conversion_metrics
from webhooks.app import PATHS
from webhooks.metrics import Metrics

ROOT: Final = Path(__file__).parent.parent
_NONE: Final = click.Command("headgate")
_NOTE: Final = "<!-- Made from the code by `python -m headgate.generate`. Do not edit. -->"


def outputs() -> Mapping[str, str]:
    """The text of every generated file, by path below the root."""
    pages = {"reasons": _reasons(), "metrics": _metrics(), "settings": _settings(), "rules": _rules()}
    pages |= {"libraries": _libraries(), "commands": _commands()}
    return {f"docs/reference/{name}.md": "\n".join(lines) + "\n" for name, lines in pages.items()}


def _reasons() -> Iterator[str]:
    yield from ("# Conditions and reasons", "", _NOTE, "")
    yield "`kubectl describe` shows both. Types and reasons are stable; messages are for people and may change."
    for kind, declared in KIND_CONDITIONS.items():
        yield from ("", f"## Conditions of a {kind}", "")
        yield from _table(
            ("type", "True means", "when False"),
            (
                (f"`{one.name}`", one.meaning, "absent" if one.polarity is Polarity.ABNORMAL else "shown")
                for one in declared
            ),
        )
    yield from ("", "## Reasons", "", "Of conditions and Events, in alphabetical order.", "")
    ordered = sorted(Reason, key=str)
    yield from _table(("reason", "meaning"), ((f"`{reason}`", reason.doc) for reason in ordered))


def _metrics() -> Iterator[str]:
    yield from ("# Metrics", "", _NOTE, "")
    yield "All serve `/metrics` on port 8080. What belongs to one object disappears with it; unknown is absent."
    yield from ("", "## The reconciler", "")
    yield from _table(
        ("metric", "type", "labels", "meaning"),
        ((f"`{one.name}`", one.type, ", ".join(f"`{label}`" for label in one.labels), one.meaning) for one in DECLARED),
    )
    yield from ("", "## The webhook", "")
    registry = CollectorRegistry()
    Metrics(PATHS, registry)
    yield from _collected(registry)
    yield from ("", "## The converter", "")
    yield from _collected(conversion_metrics.Metrics().registry)


def _collected(registry: CollectorRegistry) -> Iterator[str]:
    collected = sorted(registry.collect(), key=lambda metric: metric.name)
    yield from _table(
        ("metric", "type", "meaning"),
        (
            (f"`{metric.name}{'_total' if metric.type == 'counter' else ''}`", metric.type, metric.documentation)
            for metric in collected
        ),
    )


def _settings() -> Iterator[str]:
    yield from ("# Settings", "", _NOTE, "")
    yield "A flag wins over its variable, and that over the default. Times are in seconds."
    for command, settings in (
        ("reconciler", reconciler.settings.Settings),
        ("webhook", webhooks.settings.Settings),
        ("converter", webhooks.converter.Settings),
    ):
        yield from ("", f"## `headgate {command}`", "")
        yield from _table(
            ("flag", "variable", "default", ""),
            (
                (f"`{flag(one.name)}`", f"`{variable(one.name)}`", _default(one.default), one.metadata["help"])
                for one in fields(settings)
            ),
        )


def _rules() -> Iterator[str]:
    yield from ("# Rules", "", _NOTE, "")
    yield "What is judged when an object is written, in the order in which findings are told. An old violation that did"
    yield "not become worse never blocks another edit, and what is being deleted is not judged."
    yield from ("", "## Built-in rules", "", "They hold everywhere.", "")
    yield from _table(
        ("rule", "of", "asked at", "then", "what must hold"),
        ((f"`{rule.id}`", _kinds(rule), _requests(rule), rule.action, rule.sentence) for rule in BUILT_IN),
    )
    yield from ("", "## Rules of policies", "")
    yield "Each holds where a Policy or ClusterPolicy sets the field of its name, with that policy's `action`."
    yield from ("Exemptions name it by its last part.", "")
    yield from _table(
        ("rule", "of", "asked at", "what must hold"),
        ((f"`{rule.id}`", _kinds(rule), _requests(rule), rule.sentence) for rule in POLICY),
    )


def _libraries() -> Iterator[str]:
    yield from ("# Libraries", "", _NOTE, "")
    yield "How each library is drained; [drain.md](../drain.md) says what the words mean. With headgate-wait"
    yield "the guarantee is that of the library's own warm stop, for which there is as much time as `drain.timeout`."
    yield ""
    head = (
        "library",
        "layout",
        "takes nothing new by",
        "proof that nothing runs",
        "called back it",
        "on SIGTERM alone it",
    )
    rows = ((one.name, one.layout or "any", str(one.quiet), one.proof, one.back, one.sigterm) for one in LIBRARIES)
    yield from _table(head, rows)


def _commands() -> Iterator[str]:
    yield from ("# Commands", "", _NOTE, "")
    yield "`headgate` is also a kubectl plugin: `kubectl headgate status` is the same. The flags of the processes"
    yield "`webhook`, `reconciler` and `converter` are in [settings.md](settings.md)."
    for name, command in _all_commands(main_command, "headgate"):
        if name.split()[-1] in ("webhook", "reconciler", "converter"):
            continue
        arguments = [str(one.make_metavar(click.Context(command))) for one in command.params if _is_argument(one)]
        yield from ("", f"## `{' '.join([name, *arguments])}`", "", _prose(command))
        options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
        if options:
            yield ""
            yield from _table(("option", ""), ((f"`{_flags(one)}`", one.help or "") for one in options))


def _prose(command: click.Command) -> str:
    """The help without the mark that keeps click from wrapping a paragraph anew."""
    return inspect.cleandoc(command.help or "").replace("\b\n", "")


def _all_commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Those that do something, groups left out, in alphabetical order."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for word in command.list_commands(context):
        found = command.get_command(context, word)
        if found is not None:
            yield from _all_commands(found, f"{name} {word}")


def _is_argument(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Argument)


def _flags(option: click.Option) -> str:
    written = [*option.opts, *option.secondary_opts]
    takes = "" if option.is_flag else f" {option.make_metavar(click.Context(_NONE))}"
    return ", ".join(written) + takes


def _kinds(rule: Rule) -> str:
    """The kinds a rule is about, in the order of the API."""
    return ", ".join(kind.kind for kind in meta.KINDS if kind.kind in rule.kinds)


def _requests(rule: Rule) -> str:
    asked = [operation.value for operation in Operation if operation in rule.operations]
    return ", ".join([*asked, *(f"/{part}" for part in sorted(rule.subresources) if part)])


def _default(value: Any) -> str:
    return "" if value in (MISSING, None, "") else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield _row(head)
    yield _row(("---",) * len(head))
    yield from (_row(row) for row in rows)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def stale(root: Path) -> list[str]:
    """The generated files that are missing or different from what the code says."""
    return [name for name, text in outputs().items() if _read(root / name) != text]


def write(root: Path) -> None:
    for name, text in outputs().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m headgate.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is stale")
    if not parser.parse_args(arguments).check:
        write(ROOT)
        return 0
    names = stale(ROOT)
    for name in names:
        sys.stderr.write(f"{name} is stale: run python -m headgate.generate\n")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
