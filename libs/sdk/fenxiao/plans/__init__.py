"""The plan language and the engine that rates by it. Pure: the services and a stranger's verifier run the same code."""

from fenxiao.plans.document import plan_hash
from fenxiao.plans.engine import ENGINE_VERSION, Line, Sale, SaleKind, hold_end, in_force, rate_return, rate_sale
from fenxiao.plans.instants import format_instant, parse_instant
from fenxiao.plans.issues import PlanError, PlanIssue
from fenxiao.plans.model import Plan, plan_schema, read_plan
from fenxiao.plans.tree import Tree

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
]
