"""What can be asked of commission: one use case a file."""
