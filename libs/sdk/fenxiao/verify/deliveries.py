"""What has been delivered: settlement counts what traceability has said, in its order, and by the programme's time."""

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, NamedTuple

from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.api.traceability.v1 import events_pb2 as traceability
from fenxiao.verify.report import Check

MEANING = "every delivery counts as it was told, and is forgotten when it was withdrawn, in its order"


class Delivery(NamedTuple):
    """What is delivered since when."""

    transactions: frozenset[str]
    since: datetime


class ToldDelivery(NamedTuple):
    """What traceability said of a delivery, None that it has not happened; and when."""

    word: Delivery | None
    told_at: datetime


def take_delivery(told: dict[str, list[ToldDelivery]], event: Any, told_at: datetime) -> None:
    """Notes what traceability says, if it is of a delivery."""
    match event:
        case traceability.Delivered():
            told.setdefault(event.delivery, []).append(ToldDelivery(_delivery(event), told_at))
        case traceability.DeliveryWithdrawn():
            told.setdefault(event.delivery, []).append(ToldDelivery(None, told_at))
        case _:
            pass


class Deliveries:
    """What settlement has heard so far."""

    def __init__(self) -> None:
        self._heard: dict[str, list[Delivery | None]] = defaultdict(list)
        self._since: dict[str, dict[str, datetime]] = defaultdict(dict)
        """By transaction and delivery."""

    def hear(
        self,
        told: dict[str, list[ToldDelivery]],
        check: Check,
        event: settlement.DeliveryRemembered | settlement.DeliveryForgotten,
    ) -> frozenset[str]:
        """What settlement says is what traceability has said next. Gives the transactions that it concerns."""
        name, heard = event.delivery, self._heard[event.delivery]
        word = _delivery(event) if isinstance(event, settlement.DeliveryRemembered) else None
        of_it = told.get(name, ())
        said = len(heard) < len(of_it) and of_it[len(heard)].word == word
        check.that(said, f"delivery {name}: settlement counts {word}, traceability has not said so")
        before = heard[-1] if heard else None
        for transaction in before.transactions if before else ():
            self._since[transaction].pop(name, None)
        if word is not None:
            for transaction in word.transactions:
                self._since[transaction][name] = word.since
        heard.append(word)
        concerned = (one.transactions for one in (before, word) if one is not None)
        return frozenset[str]().union(*concerned)

    def delivered(self, transactions: Collection[str], now: datetime) -> bool:
        """Whether each of them is by now."""
        return all(any(at <= now for at in self._since.get(one, {}).values()) for one in transactions)

    def check_heard(self, told: dict[str, list[ToldDelivery]], check: Check, last: datetime) -> None:
        """What was said before a moment has been heard by now."""
        for name, words in told.items():
            wanted, heard = sum(one.told_at < last for one in words), len(self._heard.get(name, ()))
            check.that(heard >= wanted, f"delivery {name}: of {wanted} words settlement has counted {heard}")


def _delivery(event: traceability.Delivered | settlement.DeliveryRemembered) -> Delivery:
    return Delivery(frozenset(event.biz_transactions), event.delivery_time.ToDatetime(UTC))
