"""Read models of commission: what others' events and its own add up to, rebuilt from them at any time."""
