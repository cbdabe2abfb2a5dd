"""Who removed workers, and with what proof: read from the API server's own audit log, not from what we say we did."""
