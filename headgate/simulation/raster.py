"""From SVG to PNG, by what the optional extra `png` installs: a renderer, and a font of its own.

With that font, and none of the machine's, a picture looks the same wherever it is made, and has its words where no font
is installed.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec
from typing import Final

MODULES: Final = ("resvg_py", "font_source_sans_pro")
FAMILY: Final = "Source Sans Pro"
FONTS: Final = ("SourceSansPro-Regular.ttf", "SourceSansPro-Bold.ttf")
ZOOM: Final = 2.0
"""Pixels for each unit of the SVG, so that small words can be read on any screen."""
REMEDY: Final = "pip install 'headgate[png]'"


def missing() -> list[str]:
    """The modules of the extra that are not installed."""
    return [module for module in MODULES if find_spec(module) is None]


def png(svg: str) -> bytes:
    """The picture; to be asked for only where nothing is missing."""
    import resvg_py

    folder = files(MODULES[1]) / "files"
    return resvg_py.svg_to_bytes(
        svg_string=svg,
        zoom=ZOOM,
        skip_system_fonts=True,
        font_files=[str(folder / font) for font in FONTS],
        font_family=FAMILY,
        sans_serif_family=FAMILY,
    )
