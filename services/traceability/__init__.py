"""Traceability: where goods come from and where they have been."""
