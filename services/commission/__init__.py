"""Commission: plans, sales, returns, what each of them earns, and why."""
