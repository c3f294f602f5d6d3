"""The read models of membership, made from its events."""
