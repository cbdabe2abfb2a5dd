"""The Helm charts, and what is generated for them. Nothing here is part of the installed package."""
