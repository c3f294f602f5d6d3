"""Settlement: who is owed what, who was paid what, and the distributions by which it is paid."""
