"""Facts and decisions of commission. Pure."""
