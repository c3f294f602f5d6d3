"""One command (group) a file; each has `register(app)`."""
