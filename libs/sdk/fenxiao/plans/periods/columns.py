"""Columns of whole numbers, and the loops over them.

A period is rated by loops that read and write columns. Each loop is written once, in Python that Numba can compile:
over lists it runs as it stands, with integers that cannot overflow; over 64-bit arrays it runs compiled, about as fast
as memory. Both give the same figures, so which one runs is a question of time only.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from hashlib import sha256
from importlib.util import find_spec
from types import FunctionType
from typing import Any, Final, Generic, ParamSpec, Protocol, TypeVar, cast

from fenxiao.money import Rounding

P = ParamSpec("P")
R = TypeVar("R")

LIMIT: Final = 2**62
"""Arrays are used only where nothing that a loop computes reaches this, so that no sum of two can overflow."""

MODES: Final = {mode: number for number, mode in enumerate(Rounding)}
"""Rounding modes as loops take them."""

SMALL: Final = 250_000
"""Rows that are rated over lists."""

_HALF_DOWN, _HALF_EVEN, _DOWN, _UP = (
    MODES[mode] for mode in (Rounding.HALF_DOWN, Rounding.HALF_EVEN, Rounding.DOWN, Rounding.UP)
)


class Column(Protocol):
    """A list of integers, or a one-dimensional int64 array."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int]: ...
    def __getitem__(self, index: int, /) -> int: ...
    def __setitem__(self, index: int, value: int, /) -> None: ...


class Kernel(Generic[P, R]):
    """A loop over columns. It may call other kernels; columns that it fills are given to it."""

    def __init__(self, function: Callable[P, R]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it, compiled if it is given arrays."""
        if any(hasattr(arg, "dtype") for arg in args):
            return self.compiled(*args, **kwargs)
        return self.interpreted(*args, **kwargs)

    @cached_property
    def interpreted(self) -> Callable[P, R]:
        """The loop as it stands, calling other kernels as plain functions."""
        return self._clone({name: value.interpreted for name, value in self._named() if isinstance(value, Kernel)})

    @cached_property
    def compiled(self) -> Callable[P, R]:
        """The loop as machine code, kept on disk from one process to the next where a folder can be written."""
        import numba  # noqa: PLC0415 - slow to import, and needed for large inputs only

        clone = self._clone({name: value.compiled for name, value in self._named() if isinstance(value, Kernel)})
        # Numba looks at the file that it stands in only, so that what it takes from others is made part of its name.
        clone.__qualname__ += f"_{self.digest[:16]}"
        jit: Any = numba.njit  # pyright: ignore[reportUnknownMemberType] - numba has no types
        try:
            return jit(cache=True, nogil=True)(clone)
        except RuntimeError:  # there is nowhere to keep it
            return jit(nogil=True)(clone)

    @cached_property
    def digest(self) -> str:
        """Stands for its code, with all that it calls and every constant that it reads."""
        code = cast("FunctionType", self._function).__code__
        named = [(name, value.digest if isinstance(value, Kernel) else repr(value)) for name, value in self._named()]
        return sha256(repr((code.co_code, code.co_consts, code.co_names, named)).encode()).hexdigest()

    def _clone(self, called: dict[str, Callable[..., Any]]) -> Any:
        """The function with other kernels in place of those that it calls."""
        function = cast("FunctionType", self._function)
        clone = FunctionType(function.__code__, {**function.__globals__, **called}, function.__name__)
        clone.__module__, clone.__qualname__ = function.__module__, function.__qualname__
        return clone

    def _named(self) -> "list[tuple[str, Kernel[..., Any] | int]]":
        """The kernels and numbers that it takes from around it."""
        function = cast("FunctionType", self._function)
        found = ((name, function.__globals__.get(name)) for name in function.__code__.co_names)
        return [(name, value) for name, value in found if isinstance(value, (Kernel, int))]


def kernel(function: Callable[P, R]) -> Kernel[P, R]:
    """Make a kernel of a function."""
    return Kernel(function)


class Lists:
    """Columns as lists: for inputs of any size of number, and where few are rated."""

    def zeros(self, length: int) -> Column:
        """A column of zeros."""
        return [0] * length

    def of(self, values: Iterable[int]) -> Column:
        """A column of these values."""
        return list(values)

    def flags(self, length: int) -> Column:
        """A column of ones, for numbers that are 0 or 1 only."""
        return [1] * length

    def narrow(self, length: int, most: int) -> Column:
        """A column of zeros, for numbers none of which is above `most`, or below its negative."""
        return [0] * length


class Arrays:
    """Columns as int64 arrays: for large inputs whose every product stays below `LIMIT`."""

    def zeros(self, length: int) -> Column:
        """A column of zeros."""
        import numpy as np  # noqa: PLC0415 - needed for large inputs only

        return cast("Column", np.zeros(length, np.int64))

    def of(self, values: Iterable[int]) -> Column:
        """A column of these values."""
        import numpy as np  # noqa: PLC0415 - needed for large inputs only

        if isinstance(values, range):
            return cast("Column", np.arange(values.start, values.stop, values.step, dtype=np.int64))
        column: Any = values if hasattr(values, "dtype") else list(values)
        return cast("Column", np.asarray(column, np.int64))

    def flags(self, length: int) -> Column:
        """A column of ones, for numbers that are 0 or 1 only: a byte each."""
        import numpy as np  # noqa: PLC0415 - needed for large inputs only

        return cast("Column", np.ones(length, np.int8))

    def narrow(self, length: int, most: int) -> Column:
        """A column of zeros, for numbers none of which is above `most` or below its negative: four bytes, or eight."""
        import numpy as np  # noqa: PLC0415 - needed for large inputs only

        return cast("Column", np.zeros(length, np.int32 if most < 2**31 else np.int64))


def largest(column: Column) -> int:
    """The largest magnitude in a column; 0 if it is empty."""
    return int(_largest(column))


def integers(column: Column) -> list[int]:
    """The values of a column as Python's integers, which cannot overflow."""
    to_list: Callable[[], list[int]] | None = getattr(column, "tolist", None)
    return list(column) if to_list is None else to_list()


Frame = Lists | Arrays
"""How columns are kept."""


def frame_of(column: Column) -> Frame:
    """How a column is kept."""
    return Arrays() if hasattr(column, "dtype") else Lists()


def frame_for(size: int) -> Frame:
    """Choose arrays for many rows. `plans.peak` looks at whether everything fits into them."""
    return Arrays() if size > SMALL and find_spec("numba") is not None else Lists()


@kernel
def round_div(numerator: int, denominator: int, mode: int) -> int:
    """Round an exact fraction, the denominator above 0, to a whole number; as `money.round_ratio` does."""
    return round_by(numerator, denominator, 0, 0, mode)


@kernel
def round_by(numerator: int, denominator: int, multiplier: int, shift: int, mode: int) -> int:
    """The same with the `reciprocal` of the denominator, if the multiplier is not 0."""
    # What is added before rounding down; nothing branches on the number itself, which would cost more than dividing.
    if mode == _HALF_DOWN:
        added = (denominator - 1) // 2
    elif mode == _DOWN:
        added = 0
    elif mode == _UP:
        added = denominator - 1
    else:
        added = denominator // 2
    magnitude = abs(numerator) + added
    whole = magnitude * multiplier >> shift if multiplier > 0 else magnitude // denominator
    if mode == _HALF_EVEN and whole % 2 == 1 and denominator % 2 == 0 and whole * denominator == magnitude:
        whole -= 1
    return -whole if numerator < 0 else whole


def reciprocal(most: int, denominator: int) -> tuple[int, int]:
    """Multiplier and shift, so that `n * multiplier >> shift` is `n // denominator` for every n from 0 to `most`.

    (0, 0) where a product would not stay below `LIMIT`.
    """
    # Granlund and Montgomery: 1 / denominator, rounded up, with as many more bits as `most` has.
    shift = most.bit_length() + denominator.bit_length()
    multiplier = (1 << shift) // denominator + 1
    return (multiplier, shift) if most * multiplier < LIMIT else (0, 0)


@kernel
def _largest(column: Column) -> int:
    found = 0
    for i in range(len(column)):
        found = max(found, abs(column[i]))
    return found


_THREADS: Final = 8
"""As many at most: each adds up totals of its own."""


def in_parts(frame: Frame, rows: int, run: Callable[[int, int], R], pieces: int = 1) -> list[R]:
    """Run a loop over rows `first` to below `last`: arrays in so many pieces for each processor, lists in one.

    The parts must not write to the same places; their results come in the order of the rows.
    """
    if isinstance(frame, Lists) or rows <= SMALL:
        return [run(0, rows)]
    threads = min(_processors(), _THREADS)
    parts = threads * pieces
    bounds = [rows * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, bounds, bounds[1:]))


def _processors() -> int:
    """How many may be used."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@kernel
def children_first(parent: Column, order: Column) -> None:
    """Fill `order` with every member before its parent; `parent` holds an index, or -1 for a root."""
    n = len(parent)
    i = 0
    while i < n and parent[i] < i:
        i += 1
    if i == n:
        # As a rule sponsors joined first; backwards is then quickest, since it reads column by column as they lie.
        for k in range(n):
            order[k] = n - 1 - k
        return
    _by_depth(parent, order)


@kernel
def _by_depth(parent: Column, order: Column) -> None:
    n, deepest = len(parent), 0
    depth = [-1] * n
    for i in range(n):
        # Up to where the depth is known, then down the same way again.
        steps = 0
        at = i
        while at >= 0 and depth[at] < 0:
            at = parent[at]
            steps += 1
        found = depth[at] + steps if at >= 0 else steps - 1
        at = i
        while at >= 0 and depth[at] < 0:
            depth[at] = found
            deepest = max(deepest, found)
            found -= 1
            at = parent[at]
    # A list of members for each level, linked through `following`: linear also for a chain.
    first = [-1] * (deepest + 1)
    following = [-1] * n
    for i in range(n - 1, -1, -1):
        following[i] = first[depth[i]]
        first[depth[i]] = i
    place = 0
    for level in range(deepest, -1, -1):
        i = first[level]
        while i >= 0:
            order[place] = i
            place += 1
            i = following[i]


@kernel
def roll_up(volume: Column, parent: Column, order: Column) -> None:
    """Turn own volumes into group volumes, in place: everybody's own and that of all below."""
    for k in range(len(order)):
        i = order[k]
        if parent[i] >= 0:
            volume[parent[i]] += volume[i]


@kernel
def add_at(target: Column, at: Column, values: Column, first: int, last: int) -> None:
    """Add the values of rows `first` to below `last` to the places that `at` names."""
    for row in range(first, last):
        target[at[row]] += values[row]
