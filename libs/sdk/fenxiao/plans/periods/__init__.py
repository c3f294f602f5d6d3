"""A period at once: everything that was sold in it as columns, its ranks, lines and caps, and its closing."""
