"""Benchmarks that print the figures of the documentation, beside their peers, in one run."""
