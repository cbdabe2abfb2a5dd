"""The versions of what is built for the tests; the hashes are in go/*/go.sum."""

from __future__ import annotations

from typing import Final

KUBERNETES: Final = "v1.36.3"
