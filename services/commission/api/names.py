"""Resource names, and what is said of one that is unknown."""

from uuid import UUID

from fenxiao.errors import Kind, Refusal
from libs.servicekit.names import parse_name

MEMBER = "programmes/{programme}/members/{member}"
SALE = "programmes/{programme}/sales/{sale}"
PLAN = "programmes/{programme}/plans/{plan}"
PERIOD = "programmes/{programme}/periods/{period}"
DISPUTE = "programmes/{programme}/disputes/{dispute}"


def id_in(template: str, programme: str, name: str, field: str) -> str:
    """The last part of a resource name, which must be of this programme."""
    if not name:
        raise Refusal("INVALID_NAME", f"Give it as {template}.", field=field)
    parts = parse_name(template, name)
    if parts.pop("programme") != programme:
        raise Refusal("OTHER_PROGRAMME", f"{name} is not of the programme {programme}.", field=field, kind=Kind.DENIED)
    (found,) = parts.values()
    return found


def sale_name(programme: str, sale_id: UUID | str) -> str:
    """The resource name of a sale or return."""
    return f"programmes/{programme}/sales/{sale_id}"


def member_name(programme: str, member: str) -> str:
    """The resource name of a member."""
    return f"programmes/{programme}/members/{member}"


def plan_name(programme: str, plan_hash: str) -> str:
    """The resource name of a plan version; empty where none rated."""
    return f"programmes/{programme}/plans/{plan_hash}" if plan_hash else ""


def period_name(programme: str, day: str) -> str:
    """The resource name of a period."""
    return f"programmes/{programme}/periods/{day}"


def dispute_name(programme: str, dispute: UUID) -> str:
    """The resource name of a dispute."""
    return f"programmes/{programme}/disputes/{dispute}"


def unknown_sale(sale: str, field: str = "name") -> Refusal:
    """The refusal for a sale that is not there."""
    message = f"There is no sale {sale[:128]!r}; look at its number."
    return Refusal("UNKNOWN_SALE", message, field=field, kind=Kind.NOT_FOUND)
