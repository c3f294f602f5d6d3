"""Takes in a member, or says that it was taken in before."""

import secrets
from dataclasses import dataclass
from uuid import UUID, uuid4

import structlog

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Tx
from libs.eventlog.encryption import KeyStore, NewKeys
from libs.servicekit import Call
from services.membership.adapters.personal_data import protect, reference_index, reveal
from services.membership.api import enrolment, reported_check
from services.membership.domain.events import MemberEnrolled
from services.membership.domain.member import Protected, Sponsor, check_repeated, decide_enrol
from services.membership.domain.personal import Personal
from services.membership.domain.programme import Programme
from services.membership.features.record_identity_check import record_check
from services.membership.features.shared import answer, load_member, load_placing, load_programme, wish_of
from services.membership.views.members import find_by_reference, sharing_email

logger = structlog.get_logger(__name__)


def enrol_member(tx: Tx, request: pb.EnrolMemberRequest, call: Call) -> pb.Member:
    """One member."""
    keys = call.use(KeyStore)
    with keys.creating() as new_keys:
        member, _ = Enrolling(tx, call, load_programme(tx, call), keys, new_keys).enrol(request.member)
    return answer(tx, call, member)


@dataclass(frozen=True, slots=True)
class Enrolling:
    """One or many enrolments in one transaction. Keys are on disk before it is: there is no event without its key.

    A transaction that is undone or run again after that leaves keys behind with which nothing was sealed: harmless.
    """

    tx: Tx
    call: Call
    programme: Programme
    keys: KeyStore
    new_keys: NewKeys

    def enrol(self, new: pb.NewMember) -> tuple[UUID, bool]:
        """Gives the member's id and whether anything is new: the member, or its identity check. Raises `Refusal`."""
        wish = wish_of(self.call, new.placement, self._find) if new.HasField("placement") else None
        wanted = enrolment(new, wish)
        sponsor = self._find(wanted.sponsor_reference) if wanted.sponsor_reference else None
        existing = self._find(wanted.personal.reference)
        if existing is not None:
            enrolled = load_member(self.tx, self.call, existing.id).enrolled
            was = self._reveal(existing.id, enrolled.personal)
            check_repeated(enrolled, was, wanted, sponsor)
            return existing.id, self._check(existing.id, new)
        payee = "0x" + secrets.token_hex(32)
        placing = load_placing(self.tx, self.call, self.programme)
        events = decide_enrol(wanted, self.programme, sponsor, self.call.now, uuid4(), payee, self._protect, placing)
        event = events[0]
        assert isinstance(event, MemberEnrolled)
        self._note_shared_email(event.member, event.email_index)
        self.tx.append(event.member, events, after=0, meta=self.call.meta(), occurred_at=event.join_time)
        self._check(event.member, new)
        return event.member, True

    def _check(self, member: UUID, new: pb.NewMember) -> bool:
        """Records the identity check that was reported with the member. Whether there is one, and it is new."""
        check = reported_check(new)
        return check is not None and record_check(self.tx, self.call, member, check)

    def _find(self, reference: str) -> Sponsor | None:
        return find_by_reference(self.tx, self.programme.id, reference_index(self.keys, self.programme.id, reference))

    def _protect(self, member: UUID, personal: Personal) -> Protected:
        return protect(self.keys, self.new_keys, self.programme.id, member, personal)

    def _reveal(self, member: UUID, sealed: str) -> Personal | None:
        found = reveal(self.keys, self.programme.id, [(str(member), sealed)], self.new_keys.made)
        return found.get(str(member))

    def _note_shared_email(self, member: UUID, email_index: str) -> None:
        """Two customers may share an address, so this refuses nothing; it is what a duplicate person looks like."""
        others = sharing_email(self.tx, self.programme.id, email_index) if email_index else []
        if others:
            logger.info("email_shared", programme=self.programme.id, member=str(member), others=others[:10])
