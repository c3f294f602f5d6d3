"""Shows what two members sign for goods to go from one to the other."""

from fenxiao.api.traceability.v1 import custody_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from services.traceability.shared.transfers import read_transfer, typed_data_message


def get_custody_typed_data(_reader: Reader, request: pb.GetCustodyTypedDataRequest, call: Call) -> pb.CustodyTypedData:
    """The typed data (EIP-712) of the transfer, of its rejection and of its withdrawal."""
    return typed_data_message(read_transfer(call.programme, request.transfer))
