"""Queues in RabbitMQ, read through the API of its management plugin.

The plugin tells what queues and channels have reported to it, which they do every five seconds and each at a moment of
its own. So what it counts is right, a few seconds late, and not all of one moment. What it counts by the channel is
lost with a channel that is closed before it reports: of seven messages that were published over a channel each, 3.10
counts two. So arrivals are worked out, and only what consumers do, whose channels live long, is believed.
"""
