"""The admission server: its protocol through the real ASGI application, and in front of a real API server."""
