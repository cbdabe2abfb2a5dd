"""What works without a cluster: verdicts on manifests, suites of policy tests, replays of an audit log.

All of it asks the engine the server asks, `policies.decide`, about a world made of files; nothing here decides.
"""
