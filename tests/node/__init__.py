"""The whole of Headgate on real pods, from an apply to the last job of the ledger."""
