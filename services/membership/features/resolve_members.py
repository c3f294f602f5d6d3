"""Finds members by the merchant's numbers, or the numbers of members."""

from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from services.membership.adapters.personal_data import reference_index, reveal
from services.membership.api import member_id, member_name
from services.membership.features.shared import load_programme
from services.membership.views.members import ids_by_reference, sealed_by_id

LIMIT = 1000


def resolve_members(reader: Reader, request: pb.ResolveMembersRequest, call: Call) -> pb.ResolveMembersResponse:
    """One entry for each that is known, in the order of the request."""
    load_programme(reader, call)
    if bool(request.references) == bool(request.names):
        raise Refusal("INVALID_ARGUMENT", "give references or names, and not both", field="references")
    if max(len(request.references), len(request.names)) > LIMIT:
        raise Refusal("BATCH_TOO_LARGE", f"at most {LIMIT} members can be resolved at once; send several requests")
    entries = _by_references(reader, request, call) if request.references else _by_names(reader, request, call)
    return pb.ResolveMembersResponse(members=entries)


def _by_references(
    reader: Reader, request: pb.ResolveMembersRequest, call: Call
) -> list[pb.ResolveMembersResponse.Entry]:
    keys = call.use(KeyStore)
    indexes = {reference: reference_index(keys, call.programme, reference) for reference in request.references}
    ids = ids_by_reference(reader, call.programme, list(indexes.values()))
    return [
        pb.ResolveMembersResponse.Entry(reference=reference, name=member_name(call.programme, ids[index]))
        for reference, index in indexes.items()
        if index in ids
    ]


def _by_names(reader: Reader, request: pb.ResolveMembersRequest, call: Call) -> list[pb.ResolveMembersResponse.Entry]:
    members = list(dict.fromkeys(str(member_id(call.programme, name, "names")) for name in request.names))
    sealed = sealed_by_id(reader, call.programme, members)
    personal = reveal(call.use(KeyStore), call.programme, sealed.items())
    return [
        pb.ResolveMembersResponse.Entry(reference=personal[member].reference, name=member_name(call.programme, member))
        for member in members
        if member in personal
    ]
