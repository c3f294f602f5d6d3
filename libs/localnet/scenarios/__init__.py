"""What can happen on the network from beginning to end: a file a scenario, and `table.py`, in which all of them stand.

A scenario does what partners do, through the public APIs, on the data of a folder of `examples/`. What it shows is
checked against right answers that its generator has counted by itself; if one of them is not so, the scenario fails.
"""
