"""Sale by sale: what a sale or return earns the moment it is reported."""
