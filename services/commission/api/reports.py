"""What the merchant reports, read from the API's messages."""

import re
from collections.abc import Iterable

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1.goods_pb2 import Goods
from fenxiao.epcis import Names, canonical_text
from fenxiao.errors import Refusal
from fenxiao.money import parse_amount
from fenxiao.plans import SaleKind
from libs.servicekit.times import from_timestamp
from services.commission.api.names import MEMBER, id_in
from services.commission.domain import events
from services.commission.domain.events import Report, SaleClass

_REFERENCE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,128}")

_BIZ_TRANSACTION = re.compile(r"[!-~]{1,512}")

_BIZ_TRANSACTIONS_AT_MOST = 100
_NAMES = Names()

NO_GOODS = events.Goods()

_KINDS = {pb.SALE_KIND_SALE: SaleKind.SALE, pb.SALE_KIND_RETURN: SaleKind.RETURN}

_CLASSES = {
    pb.SALE_CLASS_UNSPECIFIED: SaleClass.RETAIL,
    pb.SALE_CLASS_RETAIL: SaleClass.RETAIL,
    pb.SALE_CLASS_PERSONAL: SaleClass.PERSONAL,
}


def report_of(programme: str, sale: pb.Sale) -> Report:
    """What the merchant reports, checked field by field. What it means together is for the domain to say."""
    kind = _KINDS.get(sale.kind)
    if kind is None:
        raise Refusal("INVALID_KIND", "Say whether it is a sale or a return.", field="kind")
    sale_class = _CLASSES.get(sale.sale_class)
    if sale_class is None:
        raise Refusal("INVALID_SALE_CLASS", "The class of a sale is retail or personal.", field="sale_class")
    if not sale.HasField("occur_time"):
        raise Refusal("TIME_MISSING", "Say when it happened.", field="occur_time")
    return Report(
        reference=_reference(sale.reference, "reference"),
        member=id_in(MEMBER, programme, sale.member, "member"),
        kind=kind,
        occurred_at=from_timestamp(sale.occur_time, "occur_time"),
        amount=parse_amount(sale.amount),
        currency=sale.currency,
        sale_class=sale_class,
        original_reference=sale.original_reference and _reference(sale.original_reference, "original_reference"),
        biz_transactions=_biz_transactions(sale.biz_transactions) if sale.biz_transactions else (),
        goods=goods_of(sale.goods) if sale.HasField("goods") else NO_GOODS,
    )


def goods_of(message: Goods) -> events.Goods:
    """What is reported of the goods, checked field by field."""
    for field in ("product", "category", "channel"):
        text = getattr(message, field)
        if text and not is_reference(text):
            raise Refusal(
                "INVALID_GOODS", f"The {field} has at most 128 characters on one line.", field=f"goods.{field}"
            )
    return events.Goods(
        product=message.product,
        category=message.category,
        channel=message.channel,
        quantity=parse_amount(message.quantity, field="goods.quantity") if message.quantity else NO_GOODS.quantity,
        margin=parse_amount(message.margin, field="goods.margin") if message.margin else None,
        points=parse_amount(message.points, field="goods.points") if message.points else None,
    )


def is_reference(text: str) -> bool:
    """Whether a text can be the merchant's number of a sale."""
    return _REFERENCE.fullmatch(text) is not None


def _reference(text: str, field: str) -> str:
    if not is_reference(text):
        message = "A sale's number has 1 to 128 characters on one line."
        raise Refusal("INVALID_REFERENCE", message, field=field)
    return text


def _biz_transactions(ids: Iterable[str]) -> tuple[str, ...]:
    texts = tuple(ids)
    right = len(texts) <= _BIZ_TRANSACTIONS_AT_MOST and all(_BIZ_TRANSACTION.fullmatch(text) for text in texts)
    # In the one form in which traceability tells of them: goods and sales meet by these.
    given = tuple(canonical_text(text, _NAMES) for text in texts) if right else ()
    if not right or len(set(given)) < len(given):
        message = f"Give at most {_BIZ_TRANSACTIONS_AT_MOST} different URIs of at most 512 ASCII characters each."
        raise Refusal("INVALID_BIZ_TRANSACTIONS", message, field="biz_transactions")
    return given
