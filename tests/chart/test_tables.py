"""The tables of the install page, made from comments and rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from chart import tables

VALUES = """
a:
  # -- First line
  # and second.
  b: 1
  # An aside that documents nothing.
  # -- Whole.
  c: {x: [1, 2]}
# -- Top.
d: ""
"""


def test_a_value_has_its_path_its_default_and_the_comment_above_it() -> None:
    assert list(tables.values(VALUES)) == [
        tables.Value("a.b", 1, "First line and second."),
        tables.Value("a.c", {"x": [1, 2]}, "Whole."),
        tables.Value("d", "", "Top."),
    ]


@pytest.mark.parametrize(
    ("text", "want_path"),
    [
        pytest.param("a: 1\n", "a", id="no comment"),
        pytest.param("# a plain one\na: 1\n", "a", id="a comment that is not for the table"),
        pytest.param("# -- Fine.\na: 1\n\nb:\n  c: 1\n", "b.c", id="below a documented one"),
        pytest.param("a: {}\n", "a", id="an empty mapping"),
    ],
)
def test_a_value_without_a_comment_is_an_error(text: str, want_path: str) -> None:
    with pytest.raises(ValueError, match=f"^{want_path}: a value without a comment"):
        list(tables.values(text))


def test_a_right_is_named_as_kubectl_names_it(tmp_path: Path) -> None:
    (tmp_path / "rbac").mkdir()
    for name in tables.RIGHTS:
        (tmp_path / "rbac" / f"{name}.yaml").write_text(
            "- why: One | two.\n"
            "  apiGroups: [work.headgate.dev]\n"
            "  resources: [queues/status]\n"
            "  resourceNames: ['headgate-{{ .Release.Namespace }}']\n"
            "  verbs: [get, patch]\n"
        )
    row = "| `queues.work.headgate.dev/status` named `headgate-<namespace>` | get, patch | One \\| two."
    assert tables.rights_table(tmp_path).count(row) == len(tables.RIGHTS)
