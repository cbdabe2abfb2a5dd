"""The reference pages say what the code does, and every reason has a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate import generate
from reconciler.reasons import Reason


def test_no_page_is_stale() -> None:
    assert generate.stale(generate.ROOT) == []


def test_stale_pages_are_named_and_written(tmp_path: Path) -> None:
    assert sorted(generate.stale(tmp_path)) == sorted(generate.outputs())
    generate.write(tmp_path)
    assert generate.stale(tmp_path) == []


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_a_word_with_a_sentence(reason: Reason) -> None:
    assert str(reason).isalnum()
    assert str(reason)[0].isupper()
    assert len(reason) <= 64
    assert reason.doc.endswith(".")
    assert reason.doc[0].isupper() or reason.doc.startswith("spec."), reason.doc
