"""What happens to goods that are recalled."""

from datetime import datetime

from services.traceability.domain.events.event import Event


class GoodsRecalled(Event):
    """Goods are recalled, with all that has something of them in it. Many of them come in several events."""

    epc: str
    """What is recalled, as a canonical Digital Link."""
    reason: str
    recalled_at: datetime
    affected: int
    """Objects and lots in all parts."""
    part: int
    """From 1."""
    parts: int
    items: tuple[str, ...]


class RecallClosed(Event):
    """A recall is over."""

    epc: str
    closed_at: datetime


EVENTS = [GoodsRecalled, RecallClosed]
