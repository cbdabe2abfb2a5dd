"""What can keep a cluster from starting. Each message names the remedy."""

from __future__ import annotations


class ClusterError(Exception):
    """Shown to the user as its text alone."""


class MissingError(ClusterError):
    """A program, or the right to use it, is not there."""


class BusyError(ClusterError):
    """A cluster already runs where one was asked for."""


class DiedError(ClusterError):
    """A component ended while its cluster was starting."""
