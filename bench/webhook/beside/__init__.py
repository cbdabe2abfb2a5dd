"""Headgate's webhook beside Gatekeeper's, both with the same ten rules in CEL, on one API server."""
