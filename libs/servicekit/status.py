"""Refusals as gRPC status (google.aip.dev/193): code, message, ErrorInfo, BadRequest."""

import grpc
from google.protobuf.any_pb2 import Any
from google.rpc import code_pb2, error_details_pb2, status_pb2

from fenxiao.errors import Kind, Refusal
from libs.servicekit.access import Unauthenticated

DOMAIN = "fenxiao"

_CODES = {
    Kind.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Kind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Kind.EXISTS: grpc.StatusCode.ALREADY_EXISTS,
    Kind.FAILED_PRECONDITION: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.ABORTED: grpc.StatusCode.ABORTED,
    Kind.DENIED: grpc.StatusCode.PERMISSION_DENIED,
    Kind.EXHAUSTED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Kind.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
}


def status_of(refusal: Refusal) -> tuple[grpc.StatusCode, bytes]:
    """The code, and the serialized `google.rpc.Status` for the trailer `grpc-status-details-bin`."""
    code = grpc.StatusCode.UNAUTHENTICATED if isinstance(refusal, Unauthenticated) else _CODES[refusal.kind]
    info = Any()
    info.Pack(error_details_pb2.ErrorInfo(reason=refusal.reason, domain=DOMAIN))
    details = [info]
    if refusal.field:
        violation = error_details_pb2.BadRequest.FieldViolation(field=refusal.field, description=refusal.message)
        bad = Any()
        bad.Pack(error_details_pb2.BadRequest(field_violations=[violation]))
        details.append(bad)
    number = code_pb2.Code.Value(code.name)
    return code, status_pb2.Status(code=number, message=refusal.message, details=details).SerializeToString()
