"""What the bridge does when something happened, or when time has come."""
