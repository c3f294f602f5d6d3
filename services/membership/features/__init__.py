"""The use cases of membership, one a file."""
