"""Brokers that are asked over HTTP: where they are, how they are asked, and what may go wrong.

What holds for Redis holds here: a Secret goes only where its owner meant it to, nothing is sent to the node itself,
redirects are not followed, and a slow, huge or hostile server costs a timeout and nothing else.
"""
