"""The loops over sales and levels behind `sale_lines`, and the columns that they read and fill."""

from typing import NamedTuple

from fenxiao.plans.periods.columns import Column, kernel, round_by, round_div


class Tables(NamedTuple):
    """The tables as columns."""

    first: Column
    """By offer: its first table; they go from the highest rank down."""
    longest: Column
    """By offer: how many levels it has."""
    rank: Column
    """By table: from which rank on it holds."""
    entry: Column
    """By table: its first entry; one more, where they end."""
    rate: Column
    """By entry."""
    factor: Column
    """By entry: base times factor, divided by the divisor and rounded, is the amount."""
    divisor: Column
    multiplier: Column
    """By entry: dividing is multiplying with this and shifting, which is faster; 0 where numbers are too large."""
    shift: Column


class Walk(NamedTuple):
    """How earners are found."""

    base: Column
    """By sale; 0: nothing is paid."""
    start: Column
    """By sale: who is paid first; -1 for nobody."""
    chosen: Column
    """By sale: which offer holds; empty: the first."""
    able: Column
    """By member: 1 for who can earn; empty: everybody."""
    rank: Column
    """By member; empty: every offer has one table only."""
    compression: int
    tables: Tables


class Room(NamedTuple):
    """Room to look up some sales at once: a column for each level behind another."""

    earner: Column
    entry: Column


class Returned(NamedTuple):
    """How much of the amount of each sale has come back, and the amount. Empty: nothing has."""

    amount: Column
    of: Column


class Out(NamedTuple):
    """Where lines are written out."""

    earner: Column
    sale: Column
    level: Column
    other: Column
    rule: Column
    base: Column
    rate: Column
    amount: Column


@kernel
def look_up(walk: Walk, parent: Column, first: int, last: int, width: int, room: Room) -> bool:
    """Find who earns on sales `first` to below `last` (-1: nobody), and by which entry, level by level.

    Returns whether the entry is the level throughout; then it is not written.
    """
    # Taken apart once: compiled, looking into a tuple costs more than what is done with it.
    base, start, chosen, able, ranks, compression, tables = walk
    earner, entry = room
    first_table, longest, least, first_entry = tables.first, tables.longest, tables.rank, tables.entry
    everybody, ranked, size = len(able) == 0, len(ranks) > 0, last - first
    if everybody and not ranked and len(chosen) == 0:
        # Everybody above earns. The sponsors of many are read at once, which is far quicker than one by one.
        for row in range(size):
            earner[row] = start[first + row] if base[first + row] != 0 else -1
        for slot in range(size, size * width):
            below = earner[slot - size]
            earner[slot] = parent[below] if below >= 0 else -1
        return True
    for slot in range(size * width):
        earner[slot] = -1
    for row in range(size):
        sale, level = first + row, 0
        at = start[sale] if base[sale] != 0 else -1
        offer = chosen[sale] if len(chosen) > 0 else 0
        while at >= 0 and level < longest[offer]:
            if everybody or able[at] != 0:
                table = first_table[offer]
                while ranked and ranks[at] < least[table]:
                    table += 1
                if level < first_entry[table + 1] - first_entry[table]:
                    earner[level * size + row] = at
                    entry[level * size + row] = first_entry[table] + level
                level += 1
            elif level == 0 or compression == 0:
                level += 1
            at = parent[at]
    return False


@kernel
def fill_amounts(
    amount: Column,
    walk: Walk,
    parent: Column,
    first: int,
    last: int,
    width: int,
    room: Room,
    returned: Returned,
    mode: int,
    every: int,
) -> int:
    """Fill the amounts of sales `first` to below `last`; returns how many lines they have."""
    base, earner, entry, back, whole = walk.base, room.earner, room.entry, returned.amount, returned.of
    _, _, _, _, _, factor, divisor, multiplier, shift = walk.tables
    found, sales = 0, len(base)
    while first < last:
        size = min(len(earner) // width, last - first)
        plain = look_up(walk, parent, first, first + size, width, room)
        for level in range(width):
            at, slot = level * sales + first, level * size
            if plain:
                by, ratio = factor[level], (divisor[level], multiplier[level], shift[level])
                _multiply(amount, at, base, first, earner, slot, size, by, *ratio, mode)
            for row in range(0 if plain else size):
                if earner[slot + row] >= 0:
                    k = entry[slot + row]
                    due = round_by(base[first + row] * factor[k], divisor[k], multiplier[k], shift[k], mode)
                    amount[at + row] = due
            for row in range(size if len(back) > 0 else 0):
                if back[first + row] != 0:
                    amount[at + row] -= round_div(amount[at + row] * back[first + row], whole[first + row], mode)
            for row in range(size):
                if amount[at + row] != 0 or (every != 0 and earner[slot + row] >= 0):
                    found += 1
        first += size
    return found


@kernel
def _multiply(
    amount: Column,
    at: int,
    base: Column,
    first: int,
    earner: Column,
    slot: int,
    size: int,
    factor: int,
    divisor: int,
    multiplier: int,
    shift: int,
    mode: int,
) -> None:
    """Rate one level of some sales by one entry: simple enough for the processor to take several at a time."""
    for row in range(size):
        due = round_by(base[first + row] * factor, divisor, multiplier, shift, mode)
        amount[at + row] = due if earner[slot + row] >= 0 else 0


@kernel
def add_to_earners(
    totals: Column, amount: Column, walk: Walk, parent: Column, first: int, last: int, width: int, room: Room
) -> None:
    """Add the amounts of sales `first` to below `last` to their earners' places."""
    sales, earner = len(walk.base), room.earner
    while first < last:
        size = min(len(earner) // width, last - first)
        look_up(walk, parent, first, first + size, width, room)
        for level in range(width):
            for row in range(size):
                at = earner[level * size + row]
                if at >= 0:
                    totals[at] += amount[level * sales + first + row]
        first += size


@kernel
def add_levels(sums: Column, amount: Column, start: Column, first: int, last: int, width: int, members: int) -> None:
    """Add the amounts of sales `first` to below `last` up for who is paid first, level by level."""
    for level in range(width):
        before, sales = level * members, level * len(start)
        for sale in range(first, last):
            if start[sale] >= 0:
                sums[before + start[sale]] += amount[sales + sale]


@kernel
def write_out(
    out: Out,
    line: int,
    amount: Column,
    rule: Column,
    walk: Walk,
    parent: Column,
    first: int,
    last: int,
    width: int,
    room: Room,
    first_level: int,
    every: int,
) -> int:
    """Write the lines on sales `first` to below `last` out, from the place `line` on; returns where they end."""
    earners, sales, levels, others, rules, bases, rates, amounts = out
    base, table_rate, earner, entry = walk.base, walk.tables.rate, room.earner, room.entry
    while first < last:
        size = min(len(earner) // width, last - first)
        plain = look_up(walk, parent, first, first + size, width, room)
        for row in range(size):
            for level in range(width):
                sale, slot = first + row, level * size + row
                due = amount[level * len(base) + sale]
                if earner[slot] >= 0 and (due != 0 or every != 0):
                    k = level if plain else entry[slot]
                    earners[line] = earner[slot]
                    sales[line] = sale
                    levels[line] = level + first_level
                    others[line] = -1
                    rules[line] = rule[k]
                    bases[line] = base[sale]
                    rates[line] = table_rate[k]
                    amounts[line] = due
                    line += 1
        first += size
    return line


@kernel
def count(amount: Column, sales: int, first: int, last: int, width: int) -> int:
    """Count the lines on sales `first` to below `last`."""
    size = 0
    for level in range(width):
        for slot in range(level * sales + first, level * sales + last):
            if amount[slot] != 0:
                size += 1
    return size


@kernel
def count_up(ends: Column, amount: Column, width: int) -> None:
    """Count the lines up to each sale, its own included."""
    sales = len(ends)
    for level in range(width):
        for sale in range(sales):
            if amount[level * sales + sale] != 0:
                ends[sale] += 1
    for sale in range(1, sales):
        ends[sale] += ends[sale - 1]


@kernel
def add_up(totals: Column, part: Column) -> None:
    """Add each place of a part to the same place of the totals."""
    for i in range(len(totals)):
        totals[i] += part[i]
