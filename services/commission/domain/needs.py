"""What a plan needs of the network: asked before it is published, and nowhere else."""

from collections.abc import Iterator

from fenxiao.errors import Kind, Refusal
from fenxiao.plans import Plan
from fenxiao.plans.trees.placement import PlacementRules


def check_needs(plan: Plan, placement: PlacementRules | None) -> None:
    """Raises `Refusal` for a plan that cannot be rated or settled in this programme as it says.

    `placement` is how the programme's members are placed; None where they are not.
    """
    for refusal in (*_placement(plan, placement), *_not_carried(plan)):
        raise refusal


def _placement(plan: Plan, placement: PlacementRules | None) -> Iterator[Refusal]:
    """The tree is the programme's: along another one than the plan publishes, nobody is paid."""
    if plan.placement is None or all(component.widths is None for component in plan.components):
        return
    if placement is None:
        message = (
            "The plan pays along a placement tree, and the programme has none; set its placement rule, which can be "
            "done once."
        )
        yield _refusal("PLAN_NEEDS_PLACEMENT", message, "/placement")
    elif placement != plan.placement:
        message = (
            f"The plan pays along a placement tree with a width of {plan.placement.width} that spills "
            f"{plan.placement.spill}; that of the programme has a width of {placement.width} and spills "
            f"{placement.spill}, for good."
        )
        yield _refusal("PLAN_NEEDS_OTHER_PLACEMENT", message, "/placement")


def _not_carried(plan: Plan) -> Iterator[Refusal]:
    """What the language knows and no event of the network says yet."""
    for i, component in enumerate(plan.components):
        place, qualify, release = f"/components/{i}", component.qualify, component.release
        if component.asset:
            message = f"{component.id!r} pays points, which settlement cannot hold yet; the plan can be simulated."
            yield _refusal("PLAN_NEEDS_POINTS", message, place)
        if qualify is not None and qualify.identity:
            message = f"{component.id!r} asks whose identity is checked, which the network is not told yet."
            yield _refusal("PLAN_NEEDS_IDENTITY", message, f"{place}/qualify/identity")
        if qualify is not None and qualify.countries is not None:
            message = f"{component.id!r} asks in which country a member lives, which does not leave membership."
            yield _refusal("PLAN_NEEDS_COUNTRY", message, f"{place}/qualify/countries")
        if release.delivered or release.identity or release.threshold is not None:
            message = f"Settlement holds the lines of {component.id!r} for days only; name no other release yet."
            yield _refusal("PLAN_NEEDS_RELEASE", message, f"{place}/release")


def _refusal(reason: str, message: str, field: str) -> Refusal:
    return Refusal(reason, message, field=field, kind=Kind.FAILED_PRECONDITION)
