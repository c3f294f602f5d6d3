"""Lists the products of which everybody may know something."""

from fenxiao.api.traceability.v1 import links_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from services.traceability.shared.public_names import listed, product_message
from services.traceability.views.published_names import PRODUCT, products_of


def list_products(reader: Reader, request: pb.ListProductsRequest, call: Call) -> pb.ListProductsResponse:
    """A page of them, in the order of their identifiers."""
    identifiers, following = listed(reader, call.programme, PRODUCT, request.page_size, request.page_token)
    products = products_of(reader, call.programme, identifiers)
    return pb.ListProductsResponse(products=[*map(product_message, products.values())], next_page_token=following)
