"""Batches in which each item is taken, repeated or refused for itself."""

from collections.abc import Callable, Iterable, Sized
from typing import Protocol, TypeVar

from fenxiao.api.common.v1 import common_pb2
from fenxiao.errors import Refusal
from libs.eventlog import Tx

T = TypeVar("T")
Item_co = TypeVar("Item_co", covariant=True)

BATCH_LIMIT = 500
"""Items in a batch at most."""


class _Items(Sized, Iterable[Item_co], Protocol[Item_co]): ...


def each(
    tx: Tx, items: _Items[T], take: Callable[[T], tuple[common_pb2.Outcome.ValueType, str]]
) -> list[common_pb2.ItemResult]:
    """Runs `take` for each item, which returns the outcome and the resource name, or raises `Refusal`.

    What a refused item has written is undone; the others stay. Raises `Refusal` BATCH_TOO_LARGE.
    """
    if len(items) > BATCH_LIMIT:
        raise Refusal("BATCH_TOO_LARGE", f"a batch holds at most {BATCH_LIMIT} items; send several batches")
    results: list[common_pb2.ItemResult] = []
    for item in items:
        try:
            with tx.attempt():
                outcome, name = take(item)
        except Refusal as refusal:
            problem = common_pb2.Problem(reason=refusal.reason, message=refusal.message, field=refusal.field)
            results.append(common_pb2.ItemResult(outcome=common_pb2.OUTCOME_REFUSED, problem=problem))
        else:
            results.append(common_pb2.ItemResult(outcome=outcome, name=name))
    return results
