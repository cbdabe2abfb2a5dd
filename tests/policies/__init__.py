"""The policy engine, as tables of requests and answers."""
