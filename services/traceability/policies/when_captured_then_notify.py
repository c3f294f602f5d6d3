"""When an event is captured, those who have subscribed to a stream with it are told."""

from libs.servicekit import Running
from services.traceability.shared.notifying import follow_all


async def when_captured_then_notify(running: Running) -> None:
    """Follows every subscription without a schedule."""
    await follow_all(running, lambda subscription: subscription.wanted.schedule is None)
