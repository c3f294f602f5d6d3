"""What commission does by itself."""
