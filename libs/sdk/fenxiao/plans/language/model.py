"""The plan language, version 1."""

from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any

from pydantic import ValidationError

from fenxiao.money import Rounding
from fenxiao.plans.components import Component
from fenxiao.plans.components.base import Basis, Strict, VolumeCap
from fenxiao.plans.language.checking import faults_of
from fenxiao.plans.language.document import read_document
from fenxiao.plans.language.fields import Currency, Days, Instant, Jurisdiction, Name, count
from fenxiao.plans.language.issues import PlanError
from fenxiao.plans.language.parts import decimals, selections
from fenxiao.plans.language.posting import Postings, postings
from fenxiao.plans.language.ranks import Rank
from fenxiao.plans.language.shape import shape_faults
from fenxiao.plans.language.worst import worst_case
from fenxiao.plans.trees.placement import PlacementRules
from fenxiao.proofs.jcs import canonical_json


class PeriodLength(StrEnum):
    """How long a period is."""

    DAY = "day"
    WEEK = "week"
    """From Monday."""
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Product(Strict):
    """A product that rules may name."""

    id: Name
    category: Name | None = None


class Plan(Strict):
    """A version of a plan: published once, never changed, named by the hash of its document."""

    plan: Name
    """The plan's name, the same in all its versions."""
    version: Name
    """The author's name for this version."""
    currency: Currency
    """Sales in another currency are not rated."""
    effective_from: Instant
    """In force from then until the next version is."""
    rounding: Rounding
    """How each line becomes whole minor units."""
    jurisdictions: tuple[Jurisdiction, ...]
    """Rule packs that the plan must satisfy; may be empty."""
    return_window: Days
    """Settlement holds each line for so many days after its sale."""
    period: PeriodLength = PeriodLength.MONTH
    """What is closed as one, in the programme's time zone."""
    volume: Basis = Basis()
    """What counts as personal and group volume, for ranks and for who is active."""
    products: Annotated[tuple[Product, ...], *count(1, 10_000)] = ()
    """The products that rules may name. Left out: rules may name any, and none is checked."""
    ranks: Annotated[tuple[Rank, ...], *count(1, 32)] = ()
    """From the lowest to the highest."""
    placement: PlacementRules | None = None
    """The placement tree; needed where a binary or matrix is."""
    cap: VolumeCap | None = None
    """The most that all components together pay."""
    components: Annotated[tuple[Component, ...], *count(1, 64)]
    """The rules by which members earn; each pays for itself."""

    @cached_property
    def rate_scale(self) -> int:
        """The power of ten in which every rate of the plan is whole."""
        return 10 ** max(decimals((self, *(component.offers for component in self.components))), default=0)

    @cached_property
    def categories(self) -> dict[str, str]:
        """The category of each product that has one."""
        return {product.id: product.category for product in self.products if product.category is not None}

    @cached_property
    def depth(self) -> int:
        """How many members it may pay on one sale, from the one credited upward: what `rate_sale` needs of the tree."""
        return max((component.depth for component in self.components if component.id in self.with_sale), default=0)

    @cached_property
    def with_sale(self) -> frozenset[str]:
        """The components (by id) whose lines are posted with the sale; all others post at the close.

        A cap of the whole plan is known at the close only, and what it cuts is never posted: then money waits for it.
        So it does for a limit of the law (`rules.limits`), and so do points that are worth money.
        """
        waits = self.cap is not None or self.limited
        at_close = (self.limited and one.pays_money if one.asset else waits for one in self.components)
        return frozenset(
            one.id for one, later in zip(self.components, at_close, strict=True) if one.per_sale and not later
        )

    @cached_property
    def limited(self) -> bool:
        """Whether one of its rule packs limits what a period pays."""
        if not self.jurisdictions:
            return False
        from fenxiao.plans.rules.limits import limits  # noqa: PLC0415 - packs are read only where a plan names one

        return bool(limits(self))

    @cached_property
    def postings(self) -> Postings:
        """What it posts with a sale."""
        return postings(self, (one for _, one in selections(self, "") if isinstance(one, Basis)))

    @cached_property
    def worst_case(self) -> Decimal | None:
        """The most that it pays, as a share of sales, before rounding; none: nothing bounds it. See `plans.worst`."""
        return worst_case(self).share


def read_plan(document: bytes) -> Plan:
    """Read and check a plan document (YAML or JSON); raises `PlanError` with everything that is wrong with it."""
    tree = read_document(document)
    try:
        # As JSON, since strict pydantic takes lists for tuples and texts for enums from there only.
        plan = Plan.model_validate_json(canonical_json(tree))
    except ValidationError as error:
        raise PlanError(shape_faults(tree, error)) from None
    if issues := faults_of(plan):
        raise PlanError(issues)
    return plan


def plan_schema() -> dict[str, Any]:
    """Give the JSON schema (draft 2020-12) of plan documents, for editors and for the docs."""
    schema = Plan.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Fenxiao plan, version 1"}
