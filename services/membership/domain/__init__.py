"""Facts and decisions of membership, pure."""
