from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from crds import generate, yamltext

SCALARS = st.none() | st.booleans() | st.integers() | st.text(st.characters(max_codepoint=0x7E))
DATA = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=0x7E), max_size=5), inner, max_size=4)
    ),
)


def test_the_committed_files_are_what_the_models_say() -> None:
    assert generate.stale(generate.ROOT) == []


def test_a_missing_and_a_changed_file_are_stale(tmp_path: Path) -> None:
    generate.write(tmp_path)
    assert generate.stale(tmp_path) == []

    (tmp_path / "crds/generated/queues.yaml").write_text("", encoding="utf-8")
    (tmp_path / "docs/reference/policy.md").unlink()

    assert generate.stale(tmp_path) == ["crds/generated/queues.yaml", "docs/reference/policy.md"]


def test_check_writes_nothing_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "ROOT", tmp_path)

    assert generate.main(["--check"]) == 1

    assert "crds/generated/queues.yaml is stale: run python -m crds.generate" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


@given(DATA)
def test_yaml_text_reads_back_as_it_was(data: Any) -> None:
    assert yaml.safe_load(yamltext.dump(data)) == data


@pytest.mark.parametrize(
    "word", ["true", "No", "null", "~", "1", "1e3", "0x1", "2027-01-31", "a: b", "- a", "", " a", "on"]
)
def test_yaml_text_keeps_strings_that_look_like_something_else(word: str) -> None:
    assert yaml.safe_load(yamltext.dump({word: [word]})) == {word: [word]}
