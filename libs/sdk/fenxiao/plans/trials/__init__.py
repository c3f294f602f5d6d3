"""Trying plans out on members and sales that are given, without any server."""
