"""What applying a WorkerPool takes through a real API server, with and without what judges it."""
