"""Real Kubernetes clusters for tests and the demonstration, on one machine and without a container engine.

Profiles: *control-plane* (etcd, API server, controllers), *node* (real pods), *fake-nodes* (thousands of them).
Everything is stopped by recorded process ids; a start also clears away what a killed run has left.
"""
