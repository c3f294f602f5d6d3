"""What settlement knows and decides, pure: no input, no output, no clock."""
