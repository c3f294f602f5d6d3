"""Many moments and decimals at once as whole numbers."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import repeat
from operator import mul, sub
from typing import Final

from fenxiao.money import EXACT

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Microseconds since 1970, UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def all_micros(moments: Iterable[datetime]) -> list[int]:
    """The same for many."""
    return [span // _MICROSECOND for span in map(sub, moments, repeat(_EPOCH))]


def whole(values: Sequence[Decimal]) -> tuple[list[int], int, int]:
    """Exact decimals in units of 1 / scale, the smallest power of ten in which all are whole as they are written.

    Returns the numbers, the scale, and the sum of their magnitudes.
    """
    with localcontext(EXACT):
        # A sum has as many decimals as the longest of what it adds.
        total = sum(map(abs, values), Decimal(0))
        scale = 10 ** max(0, -int(total.as_tuple().exponent))
        return list(map(int, map(mul, values, repeat(Decimal(scale))))), scale, int(total * scale)
