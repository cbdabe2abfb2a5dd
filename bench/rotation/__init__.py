"""Certificates changed and replicas rolled while an API server calls the webhook all the time."""
