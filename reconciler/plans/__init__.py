"""Pure plans: what to do, as functions of facts, with clock and randomness passed in.

A plan never asks the cluster or a broker anything, so the whole autoscaler can be run offline over recorded facts.
"""
