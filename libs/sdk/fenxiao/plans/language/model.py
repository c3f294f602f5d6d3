"""The plan language, version 1."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fenxiao.money import EXACT, Rounding, plain
from fenxiao.plans.components import Component
from fenxiao.plans.components.base import Basis, Selection, Strict, VolumeCap
from fenxiao.plans.language.document import Node, read_document
from fenxiao.plans.language.fields import Currency, Days, Instant, Jurisdiction, Name, count
from fenxiao.plans.language.issues import PlanError, PlanIssue, pointer
from fenxiao.plans.language.posting import Postings, postings
from fenxiao.plans.language.ranks import Rank
from fenxiao.plans.language.worst import worst_case
from fenxiao.plans.trees.placement import PlacementRules
from fenxiao.proofs.jcs import canonical_json

# pydantic's names of what can be wrong with the shape of a document; the fields' own reasons are theirs.
_SHAPE_REASONS = {
    "missing": ("MISSING_FIELD", "This field is required."),
    "union_tag_not_found": ("MISSING_FIELD", "This field is required."),
    "extra_forbidden": ("UNKNOWN_FIELD", "There is no such field; look at the spelling."),
}


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
        return 10 ** max(_decimals((self, *(component.offers for component in self.components))), default=0)

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
        So it does for a limit of the law (`rules.limits`).
        """
        waits = self.cap is not None or self.limited
        return frozenset(one.id for one in self.components if one.per_sale and (one.asset or not waits))

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
        return postings(self, (one for _, one in _selections(self, "") if isinstance(one, Basis)))

    @cached_property
    def worst_case(self) -> Decimal | None:
        """The most that it pays, as a share of sales, before rounding; none: nothing bounds it. See `plans.worst`."""
        return worst_case(self).share


def _decimals(part: object) -> Iterator[int]:
    """The number of decimals of every exact number in a part of a plan."""
    match part:
        case Decimal():
            yield max(0, -int(part.normalize(EXACT).as_tuple().exponent))
        case BaseModel():
            for name in type(part).model_fields:
                yield from _decimals(getattr(part, name))
        case tuple():
            for item in cast("tuple[object, ...]", part):
                yield from _decimals(item)
        case _:
            pass


def read_plan(document: bytes) -> Plan:
    """Read and check a plan document (YAML or JSON); raises `PlanError` with everything that is wrong with it."""
    tree = read_document(document)
    try:
        # As JSON, since strict pydantic takes lists for tuples and texts for enums from there only.
        plan = Plan.model_validate_json(canonical_json(tree))
    except ValidationError as error:
        issues = (_issue(tree, details) for details in error.errors(include_url=False))
        raise PlanError(sorted(issues, key=lambda issue: issue.path)) from None
    if issues := [
        *_check_ids(plan),
        *_check_jurisdictions(plan),
        *_check_worst_case(plan),
        *_check_parts(plan),
        *_check_placement(plan),
        *_check_ranks(plan),
        *_check_named_ranks(plan),
        *_check_products(plan),
    ]:
        raise PlanError(issues)
    return plan


def plan_schema() -> dict[str, Any]:
    """Give the JSON schema (draft 2020-12) of plan documents, for editors and for the docs."""
    schema = Plan.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Fenxiao plan, version 1"}


def _issue(tree: Node, details: ErrorDetails) -> PlanIssue:
    reason, message = _SHAPE_REASONS.get(details["type"], (details["type"], details["msg"]))
    if not reason.isupper():  # one of pydantic's own
        reason, message = "INVALID_VALUE", message.removesuffix(".") + "."
    place = _place(tree, details["loc"])
    if details["type"].startswith("union_tag"):  # pydantic points at what lacks a good `type`, not at the field
        place += "/type"
    return PlanIssue(place, reason, message)


def _place(tree: Node, location: tuple[str | int, ...]) -> str:
    """Turn pydantic's location into a pointer: names of union members in it don't stand in the document."""
    parts: list[str | int] = []
    node: Node = tree
    for i, part in enumerate(location):
        last = i == len(location) - 1
        if isinstance(node, dict) and isinstance(part, str) and (part in node or last):
            node = node.get(part, "")
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            node = node[part]
        else:
            continue
        parts.append(part)
    return pointer(parts)


def _check_ids(plan: Plan) -> list[PlanIssue]:
    seen: set[str] = set()
    issues: list[PlanIssue] = []
    for i, component in enumerate(plan.components):
        if component.id in seen:
            path = pointer(["components", i, "id"])
            issues.append(PlanIssue(path, "REPEATED_ID", f"Another component is named {component.id!r} too."))
        seen.add(component.id)
    return issues


def _check_jurisdictions(plan: Plan) -> list[PlanIssue]:
    """Packs that there are not. Whether the plan satisfies those that there are is asked before it is published only.

    Rules change; a plan that was published stays readable, so that anybody can rate by it for ever.
    """
    if not plan.jurisdictions:
        return []
    from fenxiao.plans.rules.pack import pack_names  # noqa: PLC0415 - packs are read only where a plan names one

    known = ", ".join(sorted(pack_names()))
    return [
        PlanIssue(
            pointer(["jurisdictions", i]),
            "UNKNOWN_JURISDICTION",
            f"There is no rule pack {name!r}, so its law cannot be checked; leave it out and take advice. "
            f"There are {known}.",
        )
        for i, name in enumerate(plan.jurisdictions)
        if name not in pack_names()
    ]


def _check_parts(plan: Plan) -> list[PlanIssue]:
    """What components say is wrong with themselves, and with what they name of others."""
    issues: list[PlanIssue] = []
    before: dict[str, str] = {}  # what each pays in
    for i, component in enumerate(plan.components):
        place = pointer(["components", i])
        issues += [PlanIssue(place + rest, reason, message) for rest, reason, message in component.faults()]
        for rest, name in component.needs:
            if name not in before:
                message = f"No component listed before this one is named {name!r}; list it earlier."
                issues.append(PlanIssue(place + rest, "UNKNOWN_COMPONENT", message))
            elif before[name] != component.asset:
                message = f"{name!r} does not pay in what this component pays in; points and money are never added."
                issues.append(PlanIssue(place + rest, "OTHER_ASSET", message))
        before[component.id] = component.asset
    return issues


def _check_placement(plan: Plan) -> list[PlanIssue]:
    """A placement tree that components need, and that is not there or has another width."""
    issues: list[PlanIssue] = []
    for component in plan.components:
        widths = component.widths
        if widths is None:
            continue
        if plan.placement is None:
            message = f"The {component.type} {component.id!r} is paid along a placement tree; say its width and spill."
            issues.append(PlanIssue("/placement", "MISSING_FIELD", message))
        elif plan.placement.width not in widths:
            message = f"The {component.type} {component.id!r} needs a width of {widths.start}."
            issues.append(PlanIssue("/placement/width", "WRONG_WIDTH", message))
    return issues


def _check_ranks(plan: Plan) -> list[PlanIssue]:
    """Ranks that ask for what cannot be, and ranks that the plan names and does not have."""
    issues: list[PlanIssue] = []
    ranks: set[str] = set()
    for i, rank in enumerate(plan.ranks):
        if rank.id in ranks:
            issues.append(PlanIssue(pointer(["ranks", i, "id"]), "REPEATED_ID", f"Another rank is named {rank.id!r}."))
        ranks.add(rank.id)
        issues += [PlanIssue(pointer(["ranks", i]) + rest, reason, message) for rest, reason, message in rank.faults()]
        for k, below in enumerate(rank.below or ()):
            if below.rank is not None and below.rank not in ranks:
                message = f"{below.rank!r} is neither this rank nor one listed before it."
                issues.append(PlanIssue(pointer(["ranks", i, "below", k, "rank"]), "UNKNOWN_RANK", message))
    return issues


def _check_named_ranks(plan: Plan) -> list[PlanIssue]:
    """Ranks that components name and the plan does not have, or has in another order."""
    issues: list[PlanIssue] = []
    order = [rank.id for rank in plan.ranks]
    for i, component in enumerate(plan.components):
        place = pointer(["components", i])
        for rest, name in component.ranks:
            if name not in order:
                issues.append(PlanIssue(place + rest, "UNKNOWN_RANK", f"The plan has no rank {name!r}."))
        for (other, lower), (rest, name) in pairwise(component.ladder):
            if other.rsplit("/", 2)[0] != rest.rsplit("/", 2)[0]:
                continue  # of another list
            if lower in order and name in order and order.index(name) <= order.index(lower):
                message = f"{name!r} does not stand above {lower!r} in the plan; list ranks from the lowest up."
                issues.append(PlanIssue(place + rest, "RANKS_NOT_ASCENDING", message))
    return issues


def _check_products(plan: Plan) -> list[PlanIssue]:
    """Products and categories that the plan names and does not have."""
    issues: list[PlanIssue] = []
    if plan.products:
        products: set[str] = set()
        for i, product in enumerate(plan.products):
            if product.id in products:
                message = f"Another product is named {product.id!r}."
                issues.append(PlanIssue(pointer(["products", i, "id"]), "REPEATED_ID", message))
            products.add(product.id)
        categories = {product.category for product in plan.products}
        for place, selection in _selections(plan, ""):
            for k, name in enumerate(selection.products or ()):
                if name not in products:
                    message = f"The plan lists no product {name!r}."
                    issues.append(PlanIssue(f"{place}/products/{k}", "UNKNOWN_PRODUCT", message))
            for k, name in enumerate(selection.categories or ()):
                if name not in categories:
                    message = f"No product of the plan is of category {name!r}."
                    issues.append(PlanIssue(f"{place}/categories/{k}", "UNKNOWN_CATEGORY", message))
    return issues


def _selections(part: object, place: str) -> Iterator[tuple[str, Selection]]:
    if isinstance(part, Selection):
        yield place, part
    if isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _selections(getattr(part, name), f"{place}/{name}")
    elif isinstance(part, tuple):
        for i, item in enumerate(cast("tuple[object, ...]", part)):
            yield from _selections(item, f"{place}/{i}")


def _check_worst_case(plan: Plan) -> list[PlanIssue]:
    """What is known to pay more than comes in. What has no bound, such as a flat reward, is a hint of `lint`."""
    worst = worst_case(plan)
    if worst.known <= 1 or worst.capped:
        return []
    percent = plain(worst.known.scaleb(2, EXACT))
    message = f"All components together may pay {percent}% of a sale; at most 100% comes in."
    return [PlanIssue("/components", "PAYS_MORE_THAN_COMES_IN", message)]
