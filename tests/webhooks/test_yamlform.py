"""YAML means here what it means to kubectl, and no file can take more than its share."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from webhooks import yamlform


def one(content: str) -> Any:
    ((value, _),) = yamlform.documents(content.encode())
    return value


@pytest.mark.parametrize(
    ("written", "want"),
    [
        pytest.param("2027-01-31T00:00:00Z", "2027-01-31T00:00:00Z", id="a time is text"),
        pytest.param("2027-01-31", "2027-01-31", id="a day is text"),
        pytest.param("12:30", "12:30", id="a time of day is no number of base 60"),
        pytest.param("on", True, id="on is true"),
        pytest.param("n", False, id="n is false"),
        pytest.param("'on'", "on", id="unless quoted"),
        pytest.param("0777", 511, id="octal as in YAML 1.1"),
        pytest.param("0o17", 15, id="octal as in YAML 1.2"),
        pytest.param("-0x10", -16, id="hexadecimal"),
        pytest.param("1_000", 1000, id="underscores"),
        pytest.param("1e3", 1000.0, id="a float without a point"),
        pytest.param("", None, id="nothing is null"),
        pytest.param("1.2.3", "1.2.3", id="a version is text"),
    ],
)
def test_a_plain_value(written: str, want: object) -> None:
    found = one(f"a: {written}\n")["a"]
    assert (found, type(found)) == (want, type(want))


def test_keys_are_text() -> None:
    assert one("1: a\non: b\n") == {"1": "a", "true": "b"}


_BILLION = "a: &b0 [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"b{level}: &b{level} [{','.join([f'*b{level - 1}'] * 10)}]\n" for level in range(1, 10)
)


@pytest.mark.parametrize(
    ("content", "want_said"),
    [
        pytest.param("[" * 100_000, "nested more than 200 levels", id="a hundred thousand brackets"),
        pytest.param("- " * 100_000, "nested more than 200 levels", id="a hundred thousand dashes"),
        pytest.param(_BILLION, "its aliases stand for more than", id="ten thousand million values in ten lines"),
        pytest.param("a: &x [*x]", "its aliases stand for more than", id="a list that holds itself"),
        pytest.param("a: .nan", "line 1: JSON has no .nan", id="what JSON has no number for"),
        pytest.param("a: !!binary aGk=", "JSON has nothing like", id="what JSON has no type for"),
        pytest.param("a: !!python/object:os.system x", "could not determine a constructor", id="code"),
    ],
)
def test_what_is_refused(content: str, want_said: str) -> None:
    with pytest.raises((ValueError, yaml.YAMLError), match=want_said):
        list(yamlform.documents(content.encode()))
