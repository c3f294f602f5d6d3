"""What plans are tried on: members, sales and returns as a merchant reports them, each checked as the services do.

A line of a file that the services would refuse is refused here for the same reason, so that what a simulation says is
what would happen.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from fenxiao.errors import Kind, Refusal
from fenxiao.money import EXACT, Rounding, plain, round_minor
from fenxiao.plans.language.instants import format_instant
from fenxiao.plans.periods.inputs import Person, Sold
from fenxiao.plans.sales.sale import Sale, SaleKind, check_measures
from fenxiao.plans.trees.placement import PlacementRules, PlacementTree
from fenxiao.plans.trees.placing import Wish, choose, earliest
from fenxiao.plans.trees.sponsors import Tree


class Joined(NamedTuple):
    """A member."""

    id: str
    sponsor: str
    """Empty for a root."""
    joined_at: datetime
    country: str = ""
    verified_at: datetime | None = None
    """Since when the identity is checked."""
    rank: str = ""
    """A rank that is given, whatever the plan's rules say."""
    placement: str = ""
    """Parent in the placement tree; empty where the plan's spill-over decides."""
    leg: int | None = None
    """On which leg, from 0 on the left; none where the plan's spill-over decides."""
    verified_until: datetime | None = None
    """The check counts up to then; None: without end."""


class Returned(NamedTuple):
    """A return that names its sale."""

    sale: str
    occurred_at: datetime
    amount: Decimal


class Facts:
    """Members, sales and returns, in the order in which they are reported."""

    def __init__(self) -> None:
        self.tree = Tree()
        self.people: dict[str, Person] = {}
        """Of whom more is known than the sponsor."""
        self.sales: dict[str, Sold] = {}
        """By id: sales, and returns that name none (every measure of them is below 0)."""
        self.returns: dict[str, Returned] = {}
        """By id: returns that name their sale."""
        self.currency = ""
        """Of all sales; empty while there are none."""
        self._left: dict[str, Decimal] = {}  # of a sale from which something has come back
        self._members: dict[str, Joined] = {}

    @property
    def joined(self) -> Iterable[Joined]:
        """The members, in the order in which they were told."""
        return self._members.values()

    def join(self, member: Joined) -> bool:
        """Take a member whose sponsor is known. False if the same was said before. Raises `Refusal`."""
        known = self._members.get(member.id)
        if known is not None:
            if known == member:
                return False
            message = f"Member {member.id[:64]!r} stands in an earlier line with another content; one of them is wrong."
            raise Refusal("MEMBER_DIFFERS", message, field="member_id", kind=Kind.EXISTS)
        self.tree.enrol(member.id, member.sponsor or None, member.joined_at)
        self._members[member.id] = member
        if member.country or member.verified_at or member.rank:
            self.people[member.id] = Person(member.country, member.verified_at, member.rank, member.verified_until)
        return True

    def report(self, sale: Sale) -> bool:
        """Take a sale or return of a known member. False if the same was said before. Raises `Refusal`."""
        self.check(sale)
        if sale.original:
            return self._return(sale)
        sold = Sold.of(sale)
        known = self.sales.get(sale.id)
        if known is not None or sale.id in self.returns:
            return self._repeated(sale, known == sold)
        self.sales[sale.id] = sold
        return True

    def placed(self, rules: PlacementRules) -> PlacementTree:
        """Put everybody into a placement tree as membership does: in the order in which they are told, when joining."""
        tree = PlacementTree(rules.width)
        for member in self._members.values():
            spot = choose(tree, rules.spill, member.sponsor or None, Wish(member.placement, member.leg))
            tree.put(member.id, spot, earliest(tree, spot, member.joined_at))
        return tree

    def until(self, moment: datetime) -> "Facts":
        """Give what was known before a moment."""
        known = Facts()
        known.currency = self.currency
        for member in self._members.values():
            if member.joined_at < moment:
                known.join(member)
        known.sales = {key: sale for key, sale in self.sales.items() if sale.occurred_at < moment}
        known.returns = {key: back for key, back in self.returns.items() if back.occurred_at < moment}
        return known

    def check(self, sale: Sale) -> None:
        """Whether such a sale or return can have happened, by itself. Raises `Refusal`."""
        # Whatever the plan, an amount that no account could hold is a mistake.
        round_minor(sale.amount, sale.currency, Rounding.DOWN)
        self.currency = self.currency or sale.currency
        if sale.currency != self.currency:
            message = f"The sales before it are in {self.currency}, not in {sale.currency[:12]}; convert the amount."
            raise Refusal("WRONG_CURRENCY", message, field="currency")
        check_measures(sale)
        joined_at = self.tree.joined_at(sale.member)
        if sale.occurred_at < joined_at:
            message = f"The member joined at {format_instant(joined_at)}, after that; look at the times."
            raise Refusal("SALE_BEFORE_MEMBER", message, field="occurred_at")
        if sale.original and sale.kind is SaleKind.SALE:
            message = "Only a return names an original sale; leave it out, or report a return."
            raise Refusal("ORIGINAL_OF_SALE", message, field="original_sale_id")

    def _return(self, sale: Sale) -> bool:
        back = Returned(sale.original, sale.occurred_at, sale.amount)
        if sale.id in self.returns or sale.id in self.sales:
            return self._repeated(sale, self.returns.get(sale.id) == back)
        original = self.sales.get(sale.original)
        if original is None and sale.original not in self.returns:
            message = f"There is no sale {sale.original[:64]!r}; report it too, or correct the number."
            raise Refusal("UNKNOWN_SALE", message, field="original_sale_id", kind=Kind.NOT_FOUND)
        if original is None or original.amount < 0:
            message = f"{sale.original[:64]!r} is a return itself; name the sale."
            raise Refusal("ORIGINAL_IS_RETURN", message, field="original_sale_id")
        if original.member != sale.member:
            message = f"{sale.original[:64]!r} was credited to another member; report the return for that one."
            raise Refusal("RETURN_OF_OTHER_MEMBER", message, field="member_id")
        if sale.occurred_at < original.occurred_at:
            message = f"The sale happened later, at {format_instant(original.occurred_at)}; look at the times."
            raise Refusal("RETURN_BEFORE_SALE", message, field="occurred_at")
        left = self._left.get(sale.original, original.amount)
        if sale.amount > left:
            message = f"Only {plain(left)} {sale.currency} of {sale.original[:64]!r} is left to return."
            raise Refusal("RETURN_EXCEEDS_SALE", message, field="amount", kind=Kind.FAILED_PRECONDITION)
        self.returns[sale.id] = back
        self._left[sale.original] = EXACT.subtract(left, sale.amount)
        return True

    def _repeated(self, sale: Sale, same: bool) -> bool:
        if same:
            return False
        message = f"{sale.id[:64]!r} stands in an earlier line with another content; one of the two is wrong."
        raise Refusal("SALE_DIFFERS", message, field="sale_id", kind=Kind.EXISTS)


def net_amount(facts: Facts) -> Decimal:
    """What was sold, less what came back."""
    return _sum((*(s.amount for s in facts.sales.values()), *(b.amount.copy_negate() for b in facts.returns.values())))


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
