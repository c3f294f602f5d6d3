"""Who belongs to a programme, below whom, and where they are paid."""
