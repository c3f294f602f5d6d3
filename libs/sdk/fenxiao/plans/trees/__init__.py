"""Who stands below whom: sponsors, and places in a binary or matrix tree."""
