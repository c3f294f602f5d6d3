"""What the business learns from goods that move (`domain/business.py`)."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.traceability.domain.events.event import Event


class Goods(BaseModel):
    """Goods that a fact names: an object, or an amount of a class or lot."""

    model_config = ConfigDict(frozen=True)

    id: str
    quantity: str = ""
    """Plain decimal; empty: one object, or an amount that is not said."""
    uom: str = ""


class GoodsDelivered(Event):
    """Goods named by business transactions have come to where they were sent (`domain/business.py`)."""

    receipt: str
    """Hash of the event by which they were received."""
    shipment: str
    """Hash of the shipment whose goods these are; empty where the receipt names the transactions itself."""
    biz_transactions: tuple[str, ...]
    goods: tuple[Goods, ...]
    """The first of them."""
    goods_count: int
    delivered_at: datetime


class DeliveryWithdrawn(Event):
    """The delivery that was told last on this stream has not happened, or not so."""

    receipt: str
    biz_transactions: tuple[str, ...]


EVENTS = [GoodsDelivered, DeliveryWithdrawn]
