"""Figures beside references that are measured in the same run (`make bench`).

A benchmark is a module here with `async def run() -> list[dict]`: one row a figure, with `name` (beginning with the
module's), `figure`, `unit`, `reference` and `ratio`. Nothing is asserted about them: they are read, not passed.
"""

NAMES = ("append", "eventbus", "sale", "plans", "streaming", "capture", "rebuild", "xml", "trace", "query")
"""The benchmarks, in the order in which they run."""
