"""What others are told: domain events as public events."""
