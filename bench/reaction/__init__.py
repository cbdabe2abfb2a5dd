"""How soon an installed Headgate answers its queues, on real pods and a real Redis.

Four acts: steps of load until the slots they keep busy are ready, a wave within its wait target, a pool that comes back
from nothing for a lone job, and a Redis that answers nobody for a minute.
"""
