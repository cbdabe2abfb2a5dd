"""Settings that cannot work are refused at the command line, by their flag."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from headgate.cli import main
from reconciler.settings import SettingError, Settings

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no workers": ({"workers": 0}, "--workers must be above 0"),
    "a poll without pause": ({"poll": 0.0}, "--poll must be above 0"),
    "a lease that ends before it is given up": ({"lease_duration": 10}, "--lease-duration must be above"),
    "a deadline without a second try": ({"retry_period": 9.0}, "--retry-period"),
}


@pytest.mark.parametrize(("given", "want"), BAD.values(), ids=BAD)
def test_what_cannot_work_is_refused(given: dict[str, Any], want: str) -> None:
    with pytest.raises(SettingError, match=want):
        Settings(**given)


def test_the_command_line_says_which_flag() -> None:
    result = CliRunner().invoke(main, ["reconciler", "--workers", "0"])
    assert result.exit_code == 2
    assert "--workers must be above 0, not 0" in result.output


def test_a_variable_is_read_where_there_is_no_flag() -> None:
    result = CliRunner().invoke(main, ["reconciler"], env={"HEADGATE_POLL": "often"})
    assert result.exit_code == 2
    assert "'often' is not a valid float" in result.output
