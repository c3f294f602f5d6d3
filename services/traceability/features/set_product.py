"""Says what everybody may know of a product, a lot or an object."""

from fenxiao.api.traceability.v1 import links_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.traceability.domain.events import ProductSet
from services.traceability.domain.published_names import decide_product, read_goods
from services.traceability.shared.public_names import product_message, record
from services.traceability.views.published_names import PRODUCT, products_of


def set_product(tx: Tx, request: pb.SetProductRequest, call: Call) -> pb.PublicProduct:
    """The product as it is shown from now on."""
    product = request.product
    identifier = read_goods(product.identifier)
    wanted = ProductSet(
        identifier=identifier,
        name_en=product.name_en,
        name_zh=product.name_zh,
        text_en=product.text_en,
        text_zh=product.text_zh,
    )
    if event := decide_product(products_of(tx, call.programme, [identifier]).get(identifier), wanted):
        record(tx, call, PRODUCT, event)
    return product_message(wanted)
