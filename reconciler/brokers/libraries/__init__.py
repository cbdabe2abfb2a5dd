"""How worker libraries keep their jobs in Redis, one module for each, read and never written.

A layout says which keys to ask for and what the answers mean; `library.LibraryObserver` does the asking. Most of these
libraries keep what is in flight, what is due later and what died in keys of the whole application instead of the
queue; such keys are sampled, never read whole, and what follows from a sample is an estimate.
"""
