"""Ready-to-apply set-ups, the reference worker, and the load generator that accounts for every job."""
