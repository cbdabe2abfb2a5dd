"""Queues of any broker whose numbers are in Prometheus, read by the queries that the Queue gives.

What comes of it is somebody else's count at its last scrape, so every signal is called an estimate.
"""
