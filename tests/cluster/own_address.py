"""An address of this machine that is no loopback address, for EndpointSlices, where the API server refuses those.

Traffic to it does not leave the machine: the kernel delivers what one sends to oneself by way of loopback.
"""

from __future__ import annotations

import socket

from tests.cluster.errors import MissingError

_ANYWHERE = ("198.51.100.1", 9)
"""An address for documentation: connecting a datagram socket asks the routing table and sends nothing."""


def own_address() -> str:
    """The machine's address towards the world; raises MissingError where it has no route at all."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(_ANYWHERE)
        except OSError as error:
            raise MissingError(
                "this machine has no address but loopback's, and replicas behind a Service need one:"
                " ip address add 10.89.0.1/32 dev lo && ip route add default dev lo"
            ) from error
        found: str = asking.getsockname()[0]
    return found
