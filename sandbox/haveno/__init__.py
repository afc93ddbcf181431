"""A Haveno relay as merchants and payers see it, and a price source. Our model of the protocol."""
