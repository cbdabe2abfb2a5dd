"""The API: its models, its schemas and its rules, and that they say the same."""
