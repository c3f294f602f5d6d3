"""What membership uses that is no fact of its own: keys, and the curve of the chain."""
