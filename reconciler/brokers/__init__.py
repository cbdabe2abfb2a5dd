"""Brokers as the reconciler sees them: read, never written to.

An observer asks one queue's broker in one or two pipelined round trips and answers an `Observation`, in which every
signal carries its method. Whatever goes wrong is a `BrokerError` with a stable reason and the broker's own message.
Time, bytes and counts are bounded: a slow, huge or hostile broker costs a timeout and nothing else.
"""
