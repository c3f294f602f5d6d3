"""Facts: only what is final on chain, and what cannot go on. What is on its way there stands in the intents table."""

from pydantic import BaseModel, ConfigDict


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)

    currency: str
    number: int
    """Of the distribution; for payouts the one whose root was in force."""


class RootProposed(_Fact):
    """The root of a distribution stands on chain and can be paid from `active_at` (seconds since 1970) on."""

    root: str
    transaction: str
    block: int
    active_at: int
    gas_used: int


class RootVetoed(_Fact):
    """A guardian has stopped a distribution before it became active."""

    root: str
    transaction: str
    block: int


class Payment(BaseModel):
    """One payee's part of a payment, in token units."""

    model_config = ConfigDict(frozen=True)

    payee: str
    account: str
    units: int
    cumulative_units: int


class PayoutsMade(_Fact):
    """The vault has paid in one transaction, whoever sent it."""

    token: str
    transaction: str
    block: int
    gas_used: int
    payments: tuple[Payment, ...]


class PayoutFailed(_Fact):
    """The vault could not pay one payee, who keeps the credit."""

    payee: str
    account: str
    transaction: str
    reason: str


class DistributionBlocked(_Fact):
    """The bridge cannot go on until what `reason` says is mended; it tries again by itself."""

    purpose: str
    reason: str


EVENTS = [RootProposed, RootVetoed, PayoutsMade, PayoutFailed, DistributionBlocked]
