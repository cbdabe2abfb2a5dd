"""The agent: a container beside a worker whose library does not know the worker contract.

It sees the drain request, has the library take nothing new, and writes the worker's status record on its behalf; it
says `Drained` only for what it has seen twice. It speaks to the broker with the worker's own credentials and to nobody
else: it has no rights in the cluster. Nothing heavy is imported here, because one runs in every worker's pod.
"""
