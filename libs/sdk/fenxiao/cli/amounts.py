"""Amounts for people's eyes: of money, or of some kind of points."""

from fenxiao.cli.texts import language, t


def amount_text(amount: int, currency: str, points: str = "") -> str:
    """Give an amount in minor units of a currency or, where a kind is named, in whole points."""
    from fenxiao.money import format_minor  # noqa: PLC0415 - loaded at every call

    if points:
        return t("{count} points ({kind})").format(count=f"{amount:,}", kind=points)
    return format_minor(amount, currency, language())
