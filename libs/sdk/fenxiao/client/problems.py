"""gRPC status to `Refusal`: what a service has answered, or why none could."""

from collections.abc import Iterable
from typing import Any, Final

import grpc.aio
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode

from fenxiao.errors import Kind, Refusal

INTERNAL: Final = "INTERNAL_ERROR"
"""Reason of a refusal that is a service's own failure."""
NOT_REACHABLE: Final = "NOT_REACHABLE"
TIMED_OUT: Final = "TIMED_OUT"

_STATUS_DETAILS = "grpc-status-details-bin"
_DOMAIN = "fenxiao"

_KINDS = {
    StatusCode.INVALID_ARGUMENT: Kind.INVALID,
    StatusCode.OUT_OF_RANGE: Kind.INVALID,
    StatusCode.NOT_FOUND: Kind.NOT_FOUND,
    StatusCode.ALREADY_EXISTS: Kind.EXISTS,
    StatusCode.FAILED_PRECONDITION: Kind.FAILED_PRECONDITION,
    StatusCode.ABORTED: Kind.ABORTED,
    StatusCode.PERMISSION_DENIED: Kind.DENIED,
    StatusCode.UNAUTHENTICATED: Kind.DENIED,
    StatusCode.RESOURCE_EXHAUSTED: Kind.EXHAUSTED,
    StatusCode.UNAVAILABLE: Kind.UNAVAILABLE,
    StatusCode.DEADLINE_EXCEEDED: Kind.UNAVAILABLE,
}

# What gRPC says when a connection broke under a call, in codes that otherwise mean something else.
_BROKEN = ("Internal error from Core", "RST_STREAM", "Stream removed", "Connection reset", "Socket closed", "GOAWAY")


def refusal_of(error: grpc.aio.AioRpcError, service: str, address: str) -> Refusal:
    """Give what a failed call means for its caller."""
    code, text = error.code(), error.details() or ""
    kind = _KINDS.get(code, Kind.ABORTED)
    status = _status(error)
    if status is not None:
        info, field = error_details_pb2.ErrorInfo(), ""
        bad = error_details_pb2.BadRequest()
        for detail in status.details:
            if detail.Unpack(bad) and bad.field_violations:  # Unpack says no to another type
                field = bad.field_violations[0].field
            else:
                detail.Unpack(info)
        if info.domain == _DOMAIN and info.reason:
            return Refusal(info.reason, status.message, field=field, kind=kind)
    if is_broken_connection(error):
        message = f"{service} does not answer at {address}; is the network up? `fenxiao up` starts it."
        return Refusal(NOT_REACHABLE, message, kind=Kind.UNAVAILABLE)
    match code:
        case StatusCode.DEADLINE_EXCEEDED:
            return Refusal(TIMED_OUT, f"{service} did not answer in time; try again.", kind=kind)
        case StatusCode.RESOURCE_EXHAUSTED if "larger than max" in text:
            return Refusal("MESSAGE_TOO_LARGE", f"A message to or from {service} is too large: {text}", kind=kind)
        case StatusCode.UNIMPLEMENTED:
            message = f"{service} does not know this call; client and network are of different versions."
            return Refusal("NOT_SUPPORTED", message, kind=Kind.FAILED_PRECONDITION)
        case _:
            return Refusal(INTERNAL, f"{service} failed ({code.name}): {text}", kind=kind)


def is_broken_connection(error: grpc.aio.AioRpcError) -> bool:
    """Say whether the call failed because of the connection: no answer, or one that broke off."""
    code, text = error.code(), error.details() or ""
    if code == StatusCode.UNAVAILABLE:
        return True
    odd = (StatusCode.INTERNAL, StatusCode.UNKNOWN, StatusCode.CANCELLED)
    return code in odd and any(sign in text for sign in _BROKEN)


def worth_retrying(error: grpc.aio.AioRpcError, refusal: Refusal) -> bool:
    """Say whether the same call may succeed a moment later."""
    return (
        is_broken_connection(error)
        or error.code() == StatusCode.DEADLINE_EXCEEDED
        or refusal.reason == "TOO_MANY_CALLS"
    )


def trailing(metadata: Iterable[Any] | None, key: str) -> str | bytes | None:
    """Find a value in the metadata that came behind an answer."""
    return next((value for name, value in metadata or () if name == key), None)


def _status(error: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    details = trailing(error.trailing_metadata(), _STATUS_DETAILS)
    if not isinstance(details, bytes):
        return None
    try:
        return status_pb2.Status.FromString(details)
    except DecodeError:
        return None
