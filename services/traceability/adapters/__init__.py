"""What is kept beside the events."""
