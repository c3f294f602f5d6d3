"""The plan language and the engine that rates by it. Pure: the services and a stranger's verifier run the same code.

`language` reads a plan; `components` are what it can be made of; `trees` are who stands below whom. `sales` rates sale
by sale, `periods` a period at once, to the same figures. `explain` says why somebody earns what he does, `rules` what
the law asks, `trials` what a plan would pay.
"""

from fenxiao.plans.language.document import plan_hash
from fenxiao.plans.language.instants import format_instant, parse_instant
from fenxiao.plans.language.issues import PlanError, PlanIssue
from fenxiao.plans.language.model import Plan, plan_schema, read_plan
from fenxiao.plans.sales.rating import (
    ENGINE_VERSION,
    Line,
    Sale,
    SaleKind,
    hold_end,
    in_force,
    rate_return,
    rate_sale,
    waits_for_delivery,
)
from fenxiao.plans.trees.sponsors import Tree

__all__ = [
    "ENGINE_VERSION",
    "Line",
    "Plan",
    "PlanError",
    "PlanIssue",
    "Sale",
    "SaleKind",
    "Tree",
    "format_instant",
    "hold_end",
    "in_force",
    "parse_instant",
    "plan_hash",
    "plan_schema",
    "rate_return",
    "rate_sale",
    "read_plan",
    "waits_for_delivery",
]
