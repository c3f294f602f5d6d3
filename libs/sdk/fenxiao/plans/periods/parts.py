"""Dividing a whole so that the parts sum to it exactly."""

from collections.abc import Sequence


def divide(whole: int, weights: Sequence[int]) -> list[int]:
    """Divide a whole number by weights whose sum is above 0: by largest remainder, the earlier of two that are equal.

    Each part is its exact share rounded down; what that leaves over goes, one by one, to those that lost most.
    """
    total = sum(weights)
    shares = [divmod(whole * weight, total) for weight in weights]
    parts = [part for part, _ in shares]
    losers = sorted(range(len(weights)), key=lambda i: -shares[i][1])
    for i in losers[: whole - sum(parts)]:
        parts[i] += 1
    return parts
