"""Whether goods have been delivered, and what it undoes when they have not been after all.

A line that waits for delivery names the business transactions of its sale. It waits for **all** of them: whoever ships
in parts reports each as a sale of its own, with a transaction of its own. A transaction is delivered at the programme's
time if a delivery that counts names it and had happened by then. What is said of a later moment waits until the
programme's time has come to it, and whether the delivery or the sale is heard of first makes no difference.

A delivery that is withdrawn counts no longer. What was released of lines that are not delivered without it is **held
again**, unless it went into a distribution: the release is undone, so a debt that it settled is a debt again. Of such a
line that is what was released since the member's last distribution, less what clawbacks that name the line have taken.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.settlement.domain.accounts import Account, Balances, Journal
from services.settlement.domain.events import Event, LinePart, LinesHeldAgain
from services.settlement.domain.holding import HeldLine


class DeliveryRemembered(Event):
    """Goods have been delivered. From then on it counts."""

    delivery: str
    """UUID."""
    biz_transactions: tuple[str, ...]
    delivered_at: datetime


class DeliveryForgotten(Event):
    """They have not, or not so: it counts no longer."""

    delivery: str
    biz_transactions: tuple[str, ...]


def decide_hold_again(
    currency: str, as_of: datetime, freed: Sequence[HeldLine], balances: Mapping[str, Balances]
) -> LinesHeldAgain:
    """Undo the release of lines. `balances` are those of their members."""
    journal = Journal()
    payable = {member: found.payable for member, found in balances.items()}
    for _, member, amount in freed:
        taken = min(amount, payable[member])
        payable[member] -= taken
        journal.move(member, taken, Account.PAYABLE, Account.HELD)
        journal.move(member, amount - taken, Account.DEBT, Account.HELD)
    return LinesHeldAgain(
        currency=currency,
        as_of=as_of,
        lines=tuple(LinePart(line=line, amount_minor=amount) for line, _, amount in freed),
        postings=journal.postings(),
    )
