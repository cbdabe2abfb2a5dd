"""Manifests of other versions and projects, written anew as Headgate's, with a note of all that does not come along."""
