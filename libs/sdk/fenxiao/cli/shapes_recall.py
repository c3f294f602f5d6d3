"""Recalls in the stable JSON of the command line (docs/cli.md)."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from fenxiao.api.traceability.v1 import goods_pb2
from fenxiao.cli.session import id_of, time_text
from fenxiao.cli.shapes_trace import link_kind
from fenxiao.epcis import parse_identifier
from fenxiao.money import plain


def recall(message: goods_pb2.RecallNotice) -> dict[str, Any]:
    """Give a recall."""
    closed = message.HasField("close_time")
    return {
        "recall": id_of(message.name),
        "item": message.epc,
        "reason": goods_pb2.RecallReason.Name(message.reason).removeprefix("RECALL_REASON_").lower(),
        "state": "closed" if closed else "open",
        "opened_at": time_text(message.open_time),
        "closed_at": time_text(message.close_time) if closed else None,
        "items": message.item_count,
    }


def recalled_item(message: goods_pb2.RecalledItem) -> dict[str, Any]:
    """Give something that is affected, where it is."""
    return {
        "item": message.epc,
        "kind": goods_pb2.NodeKind.Name(message.kind).removeprefix("NODE_KIND_").lower(),
        "holder": message.holder,
        "place": message.place,
        "in_transit": message.in_transit,
        "disposition": message.disposition,
        "active": message.active,
        "quantity": message.quantity,
        "uom": message.uom,
        "proof": [
            {
                "source": step.source,
                "target": step.target,
                "kind": link_kind(step.kind),
                "trace_event": id_of(step.trace_event),
                "event_hash": step.event_hash,
            }
            for step in message.proof
        ],
    }


class Holders:
    """What still exists of what is affected, added up by holder, product and unit."""

    def __init__(self) -> None:
        self._amounts: dict[tuple[str, str, str], list[Any]] = {}

    def add(self, messages: Iterable[goods_pb2.RecalledItem]) -> None:
        """Count some more."""
        for one in messages:
            if one.active:
                known = parse_identifier(one.epc)
                product = (known.class_uri if known else "") or one.epc
                sums = self._amounts.setdefault((one.holder, product, one.uom), [0, Decimal(0)])
                sums[0] += 1
                sums[1] += Decimal(one.quantity or 0)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Give the sums, those whose holder is known first."""
        for key in sorted(self._amounts, key=lambda key: (not key[0], key)):
            count, quantity = self._amounts[key]
            holder, product, uom = key
            yield {"holder": holder, "product": product, "items": count, "quantity": plain(quantity), "uom": uom}
