"""The plan document: what can stand in it, what is wrong with one, and what differs between two."""
