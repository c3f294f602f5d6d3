"""Who earns a line, and on what: a sentence for every type of component."""

from collections.abc import Callable
from typing import Any, Final

from fenxiao.plans.components import (
    Binary,
    Bounty,
    Campaign,
    Differential,
    Direct,
    Generation,
    Matching,
    Matrix,
    Points,
    Pool,
    Stairstep,
    Unilevel,
)
from fenxiao.plans.explain import on_sales, on_volume
from fenxiao.plans.explain.derivation import Earning, Terms


def earning(terms: Terms) -> Earning:
    """Say who earns and on what."""
    return _SAID[type(terms.component)](terms, terms.component)


_SAID: Final[dict[type[Any], Callable[[Terms, Any], Earning]]] = {
    Binary: on_volume.binary,
    Bounty: on_volume.bounty,
    Campaign: on_volume.campaign,
    Differential: on_volume.differential,
    Direct: on_sales.direct,
    Generation: on_sales.generation,
    Matching: on_volume.matching,
    Matrix: on_sales.by_levels,
    Points: on_sales.points,
    Pool: on_volume.pool,
    Stairstep: on_volume.stairstep,
    Unilevel: on_sales.by_levels,
}
