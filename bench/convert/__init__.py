"""Conversion between the versions of the API: that it loses nothing, and what it costs."""
