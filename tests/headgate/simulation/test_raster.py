from __future__ import annotations

import struct

from headgate.simulation import raster

EMPTY = '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40" viewBox="0 0 120 40">{}</svg>'
WORDS = """<text x="5" y="20" style="font:11px 'A font that nobody has',sans-serif">{}</text>"""


def drawn(words: str = "") -> bytes:
    return raster.png(EMPTY.format(WORDS.format(words) if words else ""))


def test_words_are_drawn_whatever_fonts_the_machine_has() -> None:
    assert drawn("ready pods") != drawn()
    assert drawn("ready pods") != drawn("wanted pods")


def test_there_are_two_pixels_for_each_unit() -> None:
    width, height = struct.unpack(">II", drawn()[16:24])
    assert (width, height) == (240, 80)


def test_the_extra_is_installed_where_tests_run() -> None:
    assert raster.missing() == []
