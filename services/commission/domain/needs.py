"""What a plan needs of the network: asked before it is published, and nowhere else."""

from collections.abc import Iterator

from fenxiao.errors import Kind, Refusal
from fenxiao.plans import Plan
from fenxiao.plans.trees.placement import PlacementRules


def check_needs(plan: Plan, placement: PlacementRules | None, *, countries: bool) -> None:
    """Raises `Refusal` for a plan that cannot be rated or settled in this programme as it says.

    `placement` is how the programme's members are placed; None where they are not. `countries` says whether membership
    tells where they live.
    """
    for refusal in (*_placement(plan, placement), *_countries(plan, disclosed=countries)):
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


def _countries(plan: Plan, *, disclosed: bool) -> Iterator[Refusal]:
    """Where somebody lives is personal: it leaves membership only where the merchant has decided so."""
    for i, component in enumerate(plan.components):
        if not disclosed and component.qualify is not None and component.qualify.countries is not None:
            message = (
                f"{component.id!r} asks in which country a member lives, which the programme does not disclose; "
                "`fenxiao programme disclose-countries` does so for good, or leave the countries out."
            )
            yield _refusal("PLAN_NEEDS_COUNTRY", message, f"/components/{i}/qualify/countries")


def _refusal(reason: str, message: str, field: str) -> Refusal:
    return Refusal(reason, message, field=field, kind=Kind.FAILED_PRECONDITION)
