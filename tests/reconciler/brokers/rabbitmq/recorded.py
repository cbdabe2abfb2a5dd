"""What the management API of RabbitMQ 3.10.8 answered, word for word, to the questions asked here.

In the vhost /shop: `jobs` has a consumer with a prefetch of 4 that acknowledges what is done, and `logs` one that
acknowledges nothing; `quorum` is a quorum queue without a consumer, and `newborn` was declared two seconds before. The
server itself is too heavy for every run: with Erlang its packages take a minute to install.
"""

from __future__ import annotations

from typing import Final

CONSUMERS: Final = (
    b'[{"ack_required":false,"queue":{"name":"logs"}},{"ack_required":true,"queue":{"name":"both"}},'
    b'{"ack_required":true,"queue":{"name":"jobs"}}]'
)
QUEUES: Final = (
    b'{"filtered_count":6,"item_count":6,"items":['
    b'{"message_stats":{"ack":6,"deliver_no_ack":0,"get_no_ack":0},"messages":12,"messages_ready":8,'
    b'"messages_unacknowledged":4,"name":"jobs","state":"running"},'
    b'{"messages":3,"messages_ready":3,"messages_unacknowledged":0,"name":"jobs.dead","state":"running"},'
    b'{"message_stats":{"ack":0,"deliver_no_ack":20,"get_no_ack":0},"messages":0,"messages_ready":0,'
    b'"messages_unacknowledged":0,"name":"logs","state":"running"},'
    b'{"message_stats":[],"messages":20,"messages_ready":20,"messages_unacknowledged":0,"name":"quorum",'
    b'"state":"running"},'
    b'{"name":"newborn"}],"page":1,"page_count":1,"page_size":500,"total_count":8}'
)
NOT_FOUND: Final = b'{"error":"Object Not Found","reason":"Not Found"}'
LOGIN_FAILED: Final = b'{"error":"not_authorized","reason":"Login failed"}'
NO_MANAGEMENT: Final = b'{"error":"not_authorised","reason":"Not management user"}'
NO_VHOST: Final = b'{"error":"not_authorised","reason":"User not authorised to access virtual host"}'
TOO_LONG: Final = 8192
"""Bytes of an address that it refuses with 414."""
