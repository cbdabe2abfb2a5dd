"""Conversion between the versions of the API: pure, total, and without loss in either direction.

v1 is the hub. Each kind has a table of lenses, which say what of the one version stands where in the other. What the
other version has no word for travels in the annotation `headgate.dev/conversion-data` and is put back on the way home;
where somebody has changed the field meanwhile, the change wins. Nothing is judged here: whatever JSON a spec is made
of, it comes through.
"""

from crds.conversion.convert import ConversionError, convert
from crds.conversion.unsaid import unsaid

__all__ = ["ConversionError", "convert", "unsaid"]
