"""What the tests across services share: a network to hurt, shops to do business in, and ways to look inside."""
