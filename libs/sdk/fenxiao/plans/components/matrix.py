"""Matrix: a share of each sale for those above in the placement tree, by level."""

from typing import TYPE_CHECKING, Literal

from fenxiao.plans.components.by_level import rate_by_level
from fenxiao.plans.components.sale_lines import FixedPath
from fenxiao.plans.components.unilevel import ByLevels
from fenxiao.plans.periods.columns import Column, kernel

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines


class Matrix(ByLevels):
    """Pays `levels[n]` of the sale to the n-th member upward in the placement tree; level 0 is the member credited.

    The matrix is as deep as there are levels and as wide as the plan's `placement` says. A sale counts if its member
    had a place when it happened. Posts at the close, since the service that rates single sales knows sponsors only.
    """

    type: Literal["matrix"]
    """Told apart from other components by this."""

    @property
    def per_sale(self) -> bool:
        """Never: a sale's place in the tree is read at the close."""
        return False

    @property
    def widths(self) -> range:
        """The tree may have any width."""
        return range(2, 33)

    def rate_period(self, context: "Context") -> "Lines":
        """Every sale of a placed member, level by level."""
        inputs, counted = context.inputs, context.zeros(len(context.inputs.sales))
        along: list[FixedPath] = []
        if inputs.placement is not None:
            along = [FixedPath(0, len(inputs.sales), inputs.placement.tree.parent)]
            _find_placed(counted, inputs.sales.member, inputs.sales.at, inputs.placement.since)
        return rate_by_level(context, self, compression=self.compression, along=along, counted=counted)


@kernel
def _find_placed(counted: Column, member: Column, at: Column, since: Column) -> None:
    """Mark with 1 every sale whose member had a place by then."""
    for i in range(len(member)):
        counted[i] = 1 if since[member[i]] <= at[i] else 0
