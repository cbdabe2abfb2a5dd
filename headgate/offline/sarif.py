"""Verdicts as SARIF 2.1.0, which code hosts show beside the line that is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final
from urllib.parse import quote

import jsonpatch

from headgate.offline.edits import edits
from headgate.offline.fixing import Fix
from headgate.offline.judging import MISNAMED, UNKNOWN_FIELD, Verdict
from headgate.offline.locating import label, place
from policies import rules, text

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
WARNING: Final = "warning"
"""The rule that warnings are told under: they are sentences, and which rule spoke is not among them."""


def log(verdicts: Sequence[Verdict], fixes: Sequence[Fix | None]) -> dict[str, Any]:
    """A fix belongs to every result of its manifest, for it makes all of them go together."""
    driver = {"name": "headgate", **_version(), "rules": list(_rules())}
    results = [
        result
        for verdict, found in zip(verdicts, fixes, strict=True)
        for result in _results(verdict, list(_fix(verdict, found)))
    ]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _version() -> dict[str, str]:
    """Nothing where the program runs from its sources and no version of it was installed."""
    try:
        return {"version": version("headgate")}
    except PackageNotFoundError:
        return {}


def _rules() -> Iterator[dict[str, Any]]:
    sentences = {rule.id: rule.sentence for rule in (*rules.BUILT_IN, *rules.POLICY)}
    sentences[MISNAMED] = "Kind and version are such as the API has."
    sentences[UNKNOWN_FIELD] = "Every field is one the kind has."
    sentences[WARNING] = "What is let through and worth a look."
    for name, sentence in sentences.items():
        yield {"id": name, "shortDescription": {"text": sentence}}


def _results(verdict: Verdict, fixes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for violation in verdict.violations:
        words = f"{verdict.name}: {text.line(violation)}"
        found = _result(verdict, violation.rule, "error", violation.finding.field, words)
        yield {**found, "fixes": fixes} if fixes else found
    for notice in verdict.notices:
        yield _result(verdict, WARNING, "warning", notice.field, f"{verdict.name}: {notice.text}")


def _fix(verdict: Verdict, fix: Fix | None) -> Iterator[dict[str, Any]]:
    """At most one, and none where the text does not let itself be edited in places."""
    if fix is None or not fix.patch:
        return
    manifest = verdict.manifest
    replacements = [
        {
            "deletedRegion": {
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
            },
            "insertedContent": {"text": inserted},
        }
        for start, end, inserted in edits(manifest.node, manifest.obj, jsonpatch.apply_patch(manifest.obj, fix.patch))
    ]
    if replacements:
        change = {"artifactLocation": {"uri": quote(label(manifest))}, "replacements": replacements}
        description = {"text": f"The smallest change with which {verdict.name} passes"}
        yield {"description": description, "artifactChanges": [change]}


def _result(verdict: Verdict, rule: str, level: str, field: str, words: str) -> dict[str, Any]:
    line, column = place(verdict.manifest, field)
    location = {
        "artifactLocation": {"uri": quote(label(verdict.manifest))},
        "region": {"startLine": line, "startColumn": column},
    }
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": words},
        "locations": [{"physicalLocation": location, "logicalLocations": [{"fullyQualifiedName": field}]}],
    }
