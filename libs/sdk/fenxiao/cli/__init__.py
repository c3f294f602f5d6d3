"""The command line `fenxiao`. Nothing heavy is imported here: it is loaded at every call."""
