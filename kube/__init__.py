"""A thin typed client for the Kubernetes API over plain dicts: read, list, watch, apply, patch, delete, Lease, Event.

It knows nothing of Headgate's own kinds. Errors are types that say whether a retry can help.
"""
