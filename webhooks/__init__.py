"""The admission server: bytes in, one review out, always with HTTP 200; decisions come from `policies`.

Invariant: no input, however wrong, leads to an answer that is not an AdmissionReview on a review route.
"""
