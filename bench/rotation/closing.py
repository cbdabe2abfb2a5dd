"""`headgate webhook`, except that it answers every review as one that is about to stop: with the end of the connection.

The API server then makes a fresh TLS handshake for every review, with whatever it trusts at that moment; a kept
connection would hide a certificate that is not trusted.
"""

from __future__ import annotations

from headgate.cli import main
from webhooks.endpoint import ReviewEndpoint

if __name__ == "__main__":
    ReviewEndpoint.stopping = property(lambda _: True)  # type: ignore[assignment,method-assign]
    main()
