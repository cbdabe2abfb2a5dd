"""The serving certificates of the webhook: authority, leaf, where they are kept, and how both ends get them."""
