"""Every example in the repository is one that a cluster takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

import crds
from crds import meta
from crds.schema import MODELS
from tests.crds.apiserver import ApiServer, collection

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
FILES: Final = sorted(EXAMPLES.glob("[0-9][0-9]-*.yaml"))


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text(encoding="utf-8")))


def test_there_are_ten() -> None:
    assert [file.name[:2] for file in FILES] == [f"{number:02}" for number in range(1, 11)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_is_wrong_with_it(file: Path) -> None:
    for obj in documents(file):
        assert obj["apiVersion"] == meta.API_VERSION
        assert [finding.line() for finding in crds.validate(obj["kind"], obj)] == []
        assert crds.unknown_fields(obj["kind"], obj) == ()
        MODELS[obj["kind"]].model_validate(obj)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_says_what_it_is_for(file: Path) -> None:
    assert file.read_text(encoding="utf-8").startswith("# ")


@pytest.mark.control_plane
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_api_server_takes_it(file: Path, server: ApiServer, namespace: str) -> None:
    for obj in documents(file):
        if "namespace" in obj["metadata"]:
            obj["metadata"]["namespace"] = namespace
        answer = server.ask("POST", f"{collection(obj['kind'], namespace)}?dryRun=All&fieldValidation=Strict", obj)

        assert answer.status == 201, answer.body
        assert answer.warnings == ()
