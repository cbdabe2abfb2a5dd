"""The API `work.headgate.dev`: one pydantic model per kind, its static rules, and the CRDs generated from them.

Pure: nothing here reads a clock or the network, and no file but this package's own data; it imports pydantic only.
Models, structural schemas and CEL rules are three faces of one declaration; a property test holds them together.
"""

from crds.effect import without_effect
from crds.findings import ABSENT, Finding, Reason
from crds.quick import fine
from crds.unknown import unknown_fields
from crds.validation import closely, validate

__all__ = ["ABSENT", "Finding", "Reason", "closely", "fine", "unknown_fields", "validate", "without_effect"]
