"""What happened in settlement: past tense, frozen. Those that move money carry their postings."""

from datetime import datetime
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, model_validator

from services.settlement.domain.accounts import Posting, imbalance
from services.settlement.domain.conditions import Condition


class Event(BaseModel):
    """A fact."""

    model_config = ConfigDict(frozen=True)


class Part(Event):
    """A part of a fact."""


class LedgerEntry(Event):
    """A fact in the ledger of a programme and currency. It cannot be made unbalanced, nor read back so."""

    currency: str
    postings: tuple[Posting, ...] = ()

    @model_validator(mode="after")
    def _balanced(self) -> Self:
        if wrong := imbalance(self.postings):
            raise ValueError(f"unbalanced: {wrong}")
        return self


# ---- what money is paid in, and to whom


class AssetRegistered(Event):
    """A currency of the programme is paid by this vault in this token, for good."""

    currency: str
    chain_id: int
    vault: str
    token: str
    token_decimals: int


class PayeeRemembered(Event):
    """A member's proven wallet, and the id that stands for the member on chain."""

    member: str
    payee: str
    account: str


class PayoutsWithheld(Event):
    """The member is suspended: nothing more goes into a distribution for now."""

    member: str


class PayoutsAllowed(Event):
    """The member is reinstated."""

    member: str


class AdvancedTo(Event):
    """The programme's time has come to `as_of`."""

    as_of: datetime


# ---- who members are


class IdentityRemembered(Event):
    """Somebody has checked who the member is. From then on it takes the place of what was known before."""

    member: str
    checked_at: datetime
    expires_at: datetime | None
    """It counts up to then; None: without end."""


class IdentityWithdrawn(Event):
    """The check counts no longer from a moment on."""

    member: str
    effective_from: datetime


# ---- lines


class LedgerLine(Part):
    """A commission line as it was posted."""

    line: str
    member: str
    component: str
    level: int
    rate: str
    base: str
    amount_minor: int
    conditions: tuple[Condition, ...] = ()
    reverses: str = ""


class LinePart(Part):
    """An amount of one line that was held and is not any more."""

    line: str
    amount_minor: int


class LinesHeld(LedgerEntry):
    """Lines of one sale or return were entered.

    Those above zero are held, except for `released`, which had nothing to wait for. `cancelled` is what clawbacks among
    them took of held lines, also of such as stand in the same entry.
    """

    source: str
    occurred_at: datetime
    plan_hash: str
    lines: tuple[LedgerLine, ...]
    released: tuple[str, ...] = ()
    cancelled: tuple[LinePart, ...] = ()

    def held(self, line: LedgerLine) -> int:
        """What of a line was held at first."""
        return 0 if line.amount_minor < 0 or line.line in self.released else line.amount_minor


class LinesReleased(LedgerEntry):
    """The conditions of these lines are fulfilled: what was held of them is payable, less the members' debts."""

    as_of: datetime
    lines: tuple[LinePart, ...]


class LinesHeldAgain(LedgerEntry):
    """A delivery that these lines waited for is withdrawn: what was released of them is held, or owed, as before."""

    as_of: datetime
    lines: tuple[LinePart, ...]


class MoneyRedeemed(LedgerEntry):
    """What a member has redeemed points for. It is payable at once, less the member's debt."""

    redemption: str
    """UUID; it stands for a line, too."""
    member: str
    reward: str
    quantity: int
    each_minor: int
    amount_minor: int
    redeemed_at: datetime
    """The programme's time."""


# ---- distributions


class Entitlement(Part):
    """What one payee is entitled to in all, and what of it is new with this distribution, in minor units."""

    member: str
    payee: str
    account: str
    cumulative_minor: int
    due_minor: int
    moved: bool = False
    """Whether the account is another one than in the distribution before."""


class EntitlementsListed(LedgerEntry):
    """A part of a distribution's entitlements, in ascending order of payee; one minor unit is `scale` token units."""

    number: int
    part: int
    scale: int
    entries: tuple[Entitlement, ...]


class DistributionClosed(LedgerEntry):
    """The parts listed just before, under one root. `payees` stand in it, `due_payees` of them get something."""

    number: int
    as_of: datetime
    chain_id: int
    vault: str
    token: str
    scale: int
    programme_key: str
    root: str
    previous_root: str
    data_hash: str
    plan_hashes: tuple[str, ...]
    parts: int
    payees: int
    due_payees: int
    cumulative_minor: int
    due_minor: int


class DistributionProposed(LedgerEntry):
    """The root stands on chain, final."""

    number: int
    transaction: str
    block: int
    active_at: int


class DistributionBlocked(LedgerEntry):
    """The chain bridge cannot go on with it until a person has looked."""

    number: int
    purpose: str
    reason: str


class Payment(Part):
    """What the vault has paid to one payee, final."""

    member: str
    payee: str
    account: str
    amount_minor: int
    cumulative_minor: int


class Progress(Part):
    """What payments have done for one distribution: so much of it is paid, and so many payees got all of theirs."""

    number: int
    payees: int
    amount_minor: int


class PayoutsBooked(LedgerEntry):
    """What one transaction has paid."""

    number: int
    transaction: str
    block: int
    payments: tuple[Payment, ...]
    progress: tuple[Progress, ...]


class PayoutParked(LedgerEntry):
    """The vault could not pay this payee. The money stays in distribution; the credit is not lost."""

    number: int
    member: str
    payee: str
    account: str
    transaction: str
    reason: str


LEDGER_ENTRIES: Final = (
    LinesHeld,
    LinesReleased,
    LinesHeldAgain,
    MoneyRedeemed,
    EntitlementsListed,
    DistributionClosed,
    DistributionProposed,
    DistributionBlocked,
    PayoutsBooked,
    PayoutParked,
)
"""Every fact that stands in a ledger's stream."""
