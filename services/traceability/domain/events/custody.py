"""What members sign when goods are handed over (`domain/custody.py`)."""

from pydantic import BaseModel, ConfigDict

from services.traceability.domain.events.event import Event


class CustodyItem(BaseModel):
    """An object, or an amount of a lot, that is handed over."""

    model_config = ConfigDict(frozen=True)

    id: str
    quantity: str
    uom: str


class CustodyOffered(Event):
    """A member has signed an offer of custody to another (`domain/custody.py`)."""

    offer: str
    """UUID, chosen by who offers."""
    offerer: str
    receiver: str
    items: tuple[CustodyItem, ...]
    place: str
    biz_transactions: tuple[str, ...]
    expires: int
    """Seconds since 1970."""
    digest: str
    """What both sign, 0x… 32 bytes."""
    account: str
    signature: str
    """Hex."""


class CustodyAccepted(Event):
    """The other member has signed the same: custody has gone over."""

    offer: str
    offerer: str
    receiver: str
    digest: str
    offerer_account: str
    offerer_signature: str
    receiver_account: str
    receiver_signature: str


class CustodyRejected(Event):
    """The other member has signed that it is not taken over."""

    offer: str
    digest: str
    offerer_account: str
    offerer_signature: str
    account: str
    signature: str


class CustodyOfferWithdrawn(Event):
    """Who offered it has signed that the offer is taken back."""

    offer: str
    digest: str
    account: str
    signature: str


EVENTS = [CustodyOffered, CustodyAccepted, CustodyRejected, CustodyOfferWithdrawn]
