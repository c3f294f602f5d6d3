"""What benchmarks share: rows, rounding, and how they say what they are doing."""

import statistics
import sys
from collections.abc import Sequence
from typing import Any

RUNS = 3
"""How often each figure is measured; the median counts."""

Row = dict[str, Any]


def say(text: str) -> None:
    """Progress goes to stderr: stdout is the table's."""
    print(text, file=sys.stderr, flush=True)


def row(name: str, unit: str, figures: Sequence[float], references: Sequence[float] = ()) -> Row:
    """The medians of the runs, and the median of their ratios: a slow moment hits both halves of a run alike."""
    ratio = statistics.median(f / r for f, r in zip(figures, references, strict=True)) if references else None
    return {
        "name": name,
        "figure": rounded(statistics.median(figures)),
        "unit": unit,
        "reference": rounded(statistics.median(references)) if references else None,
        "ratio": rounded(ratio) if ratio is not None else None,
    }


def rounded(value: float) -> float:
    """Three digits that mean something, none that do not."""
    return round(value) if value >= 1000 else float(f"{value:.3g}")
