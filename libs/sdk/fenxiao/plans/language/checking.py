"""What is wrong with a plan whose shape is right: what its parts ask of each other, and more paid than comes in."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from fenxiao.money import EXACT, plain
from fenxiao.plans.components.base import ComponentBase
from fenxiao.plans.language.issues import PlanIssue, pointer
from fenxiao.plans.language.parts import selections
from fenxiao.plans.language.worst import worst_case

if TYPE_CHECKING:
    from fenxiao.plans.language.model import Plan


def faults_of(plan: "Plan") -> list[PlanIssue]:
    """List everything that is wrong."""
    return [
        *_check_ids(plan),
        *_check_jurisdictions(plan),
        *_check_worst_case(plan),
        *_check_parts(plan),
        *_check_placement(plan),
        *_check_ranks(plan),
        *_check_named_ranks(plan),
        *_check_products(plan),
    ]


def _check_ids(plan: "Plan") -> list[PlanIssue]:
    seen: set[str] = set()
    issues: list[PlanIssue] = []
    for i, component in enumerate(plan.components):
        if component.id in seen:
            path = pointer(["components", i, "id"])
            issues.append(PlanIssue(path, "REPEATED_ID", f"Another component is named {component.id!r} too."))
        seen.add(component.id)
    return issues


def _check_jurisdictions(plan: "Plan") -> list[PlanIssue]:
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


def _check_parts(plan: "Plan") -> list[PlanIssue]:
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
        issues += _check_release(component, place)
    return issues + _check_worth(plan)


def _check_worth(plan: "Plan") -> list[PlanIssue]:
    """Points of a kind are alike, whatever they were given for."""
    said: dict[str, Decimal] = {}
    issues: list[PlanIssue] = []
    for i, component in enumerate(plan.components):
        if component.asset and said.setdefault(component.asset, component.redeems) != component.redeems:
            message = f"Another component says that a point of the kind {component.asset!r} is worth something else."
            issues.append(PlanIssue(pointer(["components", i, "worth"]), "OTHER_WORTH", message))
    return issues


def _check_release(component: ComponentBase, place: str) -> Iterator[PlanIssue]:
    """What its lines can never wait for."""
    release = component.release
    if component.asset:
        for name, named in (
            ("delivered", release.delivered),
            ("identity", release.identity),
            ("threshold", release.threshold is not None),
        ):
            if named:
                message = "Points are held for days only; name no other release."
                yield PlanIssue(f"{place}/release/{name}", "RELEASE_OF_POINTS", message)
    elif release.delivered and not component.on_sales:
        message = "It is earned on the volume of many sales, which are not delivered together; leave `delivered` out."
        yield PlanIssue(f"{place}/release/delivered", "RELEASE_OF_VOLUME", message)


def _check_placement(plan: "Plan") -> list[PlanIssue]:
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


def _check_ranks(plan: "Plan") -> list[PlanIssue]:
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


def _check_named_ranks(plan: "Plan") -> list[PlanIssue]:
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


def _check_products(plan: "Plan") -> list[PlanIssue]:
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
        for place, selection in selections(plan, ""):
            for k, name in enumerate(selection.products or ()):
                if name not in products:
                    message = f"The plan lists no product {name!r}."
                    issues.append(PlanIssue(f"{place}/products/{k}", "UNKNOWN_PRODUCT", message))
            for k, name in enumerate(selection.categories or ()):
                if name not in categories:
                    message = f"No product of the plan is of category {name!r}."
                    issues.append(PlanIssue(f"{place}/categories/{k}", "UNKNOWN_CATEGORY", message))
    return issues


def _check_worst_case(plan: "Plan") -> list[PlanIssue]:
    """What is known to pay more than comes in. What has no bound, such as a flat reward, is a hint of `lint`."""
    worst = worst_case(plan)
    most = worst.share if worst.capped else worst.known
    if most is None or most <= 1:
        return []
    percent = plain(most.scaleb(2, EXACT))
    message = f"All components together may pay {percent}% of a sale; at most 100% comes in."
    return [PlanIssue("/components", "PAYS_MORE_THAN_COMES_IN", message)]
