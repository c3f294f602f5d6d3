"""The chain, and the key that signs."""
