"""When a subscription's schedule says so, its results since the last time are sent."""

from libs.servicekit import Running
from services.traceability.shared.notifying import follow_all


async def when_due_then_notify(running: Running) -> None:
    """Follows every subscription with a schedule."""
    await follow_all(running, lambda subscription: subscription.wanted.schedule is not None)
