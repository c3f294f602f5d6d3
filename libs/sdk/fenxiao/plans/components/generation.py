"""Generation: a share of each sale for members of the same rank above, one generation after the other."""

from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING, Annotated, Literal

from fenxiao.money import EXACT
from fenxiao.plans.components.base import ComponentBase
from fenxiao.plans.components.sale_lines import FixedPath, SaleRates, SaleTable, rate_sales
from fenxiao.plans.language.fields import Id, Rate, YesNo, count
from fenxiao.plans.periods.columns import Column, kernel

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines
    from fenxiao.plans.periods.segments import Segment


class Generation(ComponentBase):
    """Pays `generations[k - 1]` of the sale to the k-th member of the rank above the one credited with it.

    Who has a lower rank or does not qualify is passed over and is no generation. So is the member credited with the
    sale, whatever his rank, unless `own` is set.
    """

    type: Literal["generation"]
    """Told apart from other components by this."""
    rank: Id
    """Members of this paid-as rank, or of a higher one, are the generations."""
    generations: Annotated[tuple[Rate, ...], *count(1, 30)]
    """Shares by generation, the nearest first; one of `0%` is passed over and taken up all the same."""
    own: YesNo = False
    """The member credited with the sale is the first generation, if he has the rank."""

    @property
    def worst_case(self) -> Decimal:
        """The most that it pays: every generation."""
        return EXACT.multiply(reduce(EXACT.add, self.generations), self.on.share)

    @property
    def on_sales(self) -> bool:
        """Each line is earned on one sale."""
        return True

    @property
    def ranks(self) -> tuple[tuple[str, str], ...]:
        """The ranks that it names."""
        return (*super().ranks, ("/rank", self.rank))

    def rate_period(self, context: "Context") -> "Lines":
        """Every sale, generation by generation; a line's level is its generation, from 1."""
        inputs, bases = context.inputs, context.sold(self.on)
        counts, starts = context.zeros(), context.zeros(len(inputs.sales))
        _find_counted(counts, context.qualified(self), context.rank, context.rank_number(self.rank))
        *earlier, end = (_Nearest(context, segment, counts) for segment in inputs.segments)
        paths = [*earlier, FixedPath(end.first, end.last, end.parent)]
        for path in paths:
            _start(starts, inputs.sales.member, path.parent, counts, int(self.own), path.first, path.last)
        table = SaleTable(
            0,
            [context.rate(share) for share in self.generations],
            [context.place(self, f"/generations/{k}") for k in range(len(self.generations))],
        )
        rates = SaleRates(
            base=bases.column,
            scale=bases.scale,
            offers=[[table]],
            chosen=context.zeros(0),
            start=starts,
            paths=paths,
            able=context.zeros(0),
            first_level=1,
        )
        return rate_sales(context, self, rates)


class _Nearest:
    """The way from one that counts to the next above, along the sponsors of a segment."""

    def __init__(self, context: "Context", segment: "Segment", counts: Column) -> None:
        self._context, self._segment, self._counts = context, segment, counts
        self.first, self.last = segment.first, segment.last

    @property
    def parent(self) -> Column:
        """Give who is the nearest above each member that counts."""
        nearest, tree = self._context.zeros(), self._segment.tree
        _find_nearest(nearest, self._counts, tree.parent, tree.order)
        return nearest


@kernel
def _find_counted(counts: Column, qualified: Column, rank: Column, least: int) -> None:
    for i in range(len(counts)):
        counts[i] = 1 if qualified[i] != 0 and rank[i] >= least else 0


@kernel
def _start(starts: Column, member: Column, nearest: Column, counts: Column, own: int, first: int, last: int) -> None:
    """Fill in who is the first generation of sales `first` to below `last`."""
    for sale in range(first, last):
        seller = member[sale]
        starts[sale] = seller if own != 0 and counts[seller] != 0 else nearest[seller]


@kernel
def _find_nearest(nearest: Column, counts: Column, parent: Column, order: Column) -> None:
    """Fill in who is the nearest above each member that counts; -1 for nobody. `order`: each before the parent."""
    for k in range(len(order) - 1, -1, -1):
        i = order[k]
        above = parent[i]
        if above < 0 or counts[above]:
            nearest[i] = above
        else:
            nearest[i] = nearest[above]
