"""What the services stand on."""
