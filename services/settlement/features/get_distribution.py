"""One distribution, and how far it has come."""

from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from services.settlement.api.money import read_distribution_name, show_distribution
from services.settlement.views.distributions import distribution_of


def get_distribution(reader: Reader, request: pb.GetDistributionRequest, call: Call) -> pb.Distribution:
    """By name."""
    return find_distribution(reader, call.programme, request.name)


def find_distribution(reader: Reader, programme: str, name: str) -> pb.Distribution:
    """The distribution of this name. Raises `Refusal` UNKNOWN_DISTRIBUTION."""
    row = distribution_of(reader, programme, *read_distribution_name(name))
    if row is None:
        message = f"There is no distribution {name}; list them to see which there are."
        raise Refusal("UNKNOWN_DISTRIBUTION", message, field="name", kind=Kind.NOT_FOUND)
    return show_distribution(reader, programme, row)
