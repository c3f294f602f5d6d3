"""What can be proved: the payout tree that the vault reads, and the log that everything is entered in. Pure."""
