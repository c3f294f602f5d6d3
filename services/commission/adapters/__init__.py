"""The world outside of commission."""
