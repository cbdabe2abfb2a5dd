"""What the exit codes of every command mean; 0 is that all is well."""

from __future__ import annotations

from typing import Final

FINDINGS: Final = 1
"""The command did its work and has found something."""

UNUSABLE: Final = 2
"""It could not: a wrong call, a file that cannot be read, a cluster that does not answer."""
