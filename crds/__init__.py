"""The API `work.headgate.dev`: one pydantic model per kind, its static rules, and the CRDs generated from them.

Pure: nothing here reads a clock, a file (the generator's own command aside) or the network; it imports pydantic only.
Models, structural schemas and CEL rules are three faces of one declaration; a property test holds them together.
"""
