"""`python -m crds.generate` writes everything that follows from the models; `--check` only says what is stale.

Made are `crds/generated/<plural>.yaml`, one CustomResourceDefinition a file, and `docs/reference/<kind>.md`, for an
older version with its name behind the kind's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from crds import meta, reference, yamltext
from crds.definition import definition

ROOT: Final = Path(__file__).parent.parent
_HEADER: Final = "# Made from the models in crds/v1 by `python -m crds.generate`. Do not edit.\n"


def outputs() -> Mapping[str, str]:
    """The text of every generated file, by path below the root."""
    files = {}
    for kind in meta.KINDS:
        files[f"crds/generated/{kind.plural}.yaml"] = _HEADER + yamltext.dump(definition(kind))
        files[f"docs/reference/{kind.singular}.md"] = reference.page(kind)
    for kind in meta.BETA_KINDS:
        files[f"docs/reference/{kind.singular}-{meta.BETA}.md"] = reference.page(kind, meta.BETA)
    return files


def stale(root: Path) -> list[str]:
    """The generated files that are missing or different from what the models say."""
    return [name for name, text in outputs().items() if _read(root / name) != text]


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def write(root: Path) -> None:
    for name, text in outputs().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m crds.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is stale")
    options = parser.parse_args(arguments)
    if not options.check:
        write(ROOT)
        return 0
    names = stale(ROOT)
    for name in names:
        sys.stderr.write(f"{name} is stale: run python -m crds.generate\n")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
