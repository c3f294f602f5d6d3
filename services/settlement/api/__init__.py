"""Requests and answers: names read, values checked, rows shown."""
