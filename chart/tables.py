"""The tables of `docs/install.md`: the values of the chart, with the comments above them, and the rights it grants."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

_MARK: Final = "# -- "
RIGHTS: Final = {
    "webhook": "headgate-webhook, in the namespaces that the install looks after",
    "webhook-own": "headgate-webhook, in the namespace of the install",
    "webhook-cluster": "headgate-webhook, in the cluster",
    "reconciler": "headgate-reconciler, in the namespaces that the install looks after",
    "reconciler-own": "headgate-reconciler, in the namespace of the install",
    "reconciler-cluster": "headgate-reconciler, in the cluster",
    "startup-check-own": "headgate-startup-check, in the namespace of the install, during `helm install` and `upgrade`",
    "inject-own": "headgate-reconciler, in the namespace of the install, during `helm install` and `upgrade`",
    "inject-cluster": "headgate-reconciler, in the cluster, during `helm install` and `upgrade`",
    "release": "headgate-release, in the namespaces that the install looks after, during `helm uninstall`",
    "release-own": "headgate-release, in the namespace of the install, during `helm uninstall`",
    "release-cluster": "headgate-release, in the cluster, during `helm uninstall`",
    "reports": "headgate-reports, in the namespaces that the install looks after, during a `helm upgrade` that turns "
    "Reports off",
}
WHEN: Final = {
    "always": "",
    "cluster": " Only with `scope=cluster`.",
    "self-signed": " Only with `certs.mode=self-signed`.",
    "reports": " Only with `reports.enabled`.",
    "live": " Only with `certs.mode=self-signed` and `certs.injection=live`.",
    "readable": " Not with `certs.injection=helm-hook`.",
}
"""What the conditions of a rule, as the charts' helper knows them, say to a reader."""
ONLY_INJECTED: Final = " Only with `certs.injection=helm-hook`."


@dataclass(frozen=True, slots=True)
class Value:
    """One documented value of the chart: dotted path, default, and the sentence above it."""

    path: str
    default: Any
    meaning: str


def values(text: str) -> Iterator[Value]:
    """Every value that has a comment `# --` above it; raises ValueError for one that has none."""
    yield from _values(yaml.compose(text, yaml.SafeLoader), text.splitlines(), ())


def _values(node: yaml.Node | None, lines: list[str], path: tuple[str, ...]) -> Iterator[Value]:
    if not isinstance(node, yaml.MappingNode) or not node.value:
        raise ValueError(f"{'.'.join(path)}: a value without a comment `# --` above it")
    for key, value in node.value:
        here = (*path, key.value)
        if meaning := _comment(lines, key.start_mark.line):
            default = yaml.safe_load(yaml.serialize(value, Dumper=yaml.SafeDumper))
            yield Value(".".join(here), default, meaning)
        else:
            yield from _values(value, lines, here)


def _comment(lines: list[str], line: int) -> str:
    """The comment that ends above `line`, if it begins with the mark."""
    above: list[str] = []
    while line > 0 and (text := lines[line - 1].strip()).startswith("#"):
        above.insert(0, text)
        line -= 1
        if text.startswith(_MARK):
            return " ".join([above[0].removeprefix(_MARK), *(part.removeprefix("#").strip() for part in above[1:])])
    return ""


def values_table(chart: Path) -> str:
    """Markdown: value, default, meaning."""
    rows = [
        f"| `{value.path}` | `{json.dumps(value.default)}` | {_cell(value.meaning)} |"
        for value in values((chart / "values.yaml").read_text())
    ]
    return "\n".join(["| value | default | what it is |", "| --- | --- | --- |", *rows, ""])


def rights_table(chart: Path) -> str:
    """Markdown: who may do what, and why."""
    rows: list[str] = []
    for name, who in RIGHTS.items():
        rows.append(f"| **{who}** | | |")
        also = ONLY_INJECTED if name.startswith("inject-") else ""
        rows += [_right(rule, also) for rule in yaml.safe_load((chart / "rbac" / f"{name}.yaml").read_text())]
    return "\n".join(["| what | verbs | why |", "| --- | --- | --- |", *rows, ""])


def _right(rule: Mapping[str, Any], also: str) -> str:
    what = ", ".join(f"`{_full(name, group)}`" for group in rule["apiGroups"] for name in rule["resources"])
    names = [name.replace("{{ .Release.Namespace }}", "<namespace>") for name in rule.get("resourceNames", [])]
    only = f" named {', '.join(f'`{name}`' for name in names)}" if names else ""
    why = _cell(rule["why"] + WHEN[rule.get("when", "always")] + also)
    return f"| {what}{only} | {', '.join(rule['verbs'])} | {why} |"


def _full(resource: str, group: str) -> str:
    """As kubectl names it: `workerpools.work.headgate.dev/status`."""
    name, slash, subresource = resource.partition("/")
    return f"{name}.{group}{slash}{subresource}" if group else resource


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


ALL: Final[Mapping[str, Callable[[Path], str]]] = {"values": values_table, "rights": rights_table}
