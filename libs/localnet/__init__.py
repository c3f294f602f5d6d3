"""The whole network on one machine: starts the processes and knows where they are, imports no service.

`network.LocalNetwork` is the way in. Nothing is imported here: the command line loads this package at every call.
"""
