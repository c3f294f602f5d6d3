"""Membership's decisions: given what has happened, when somebody asks for something, then this is recorded."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from services.membership.domain.events import (
    Event,
    MemberEnrolled,
    MemberReinstated,
    MemberSuspended,
    ProgrammeCreated,
    SponsorChanged,
    WalletBound,
)
from services.membership.domain.member import (
    Enrolment,
    Member,
    Protected,
    Sponsor,
    check_repeated,
    decide_change_sponsor,
    decide_enrol,
    decide_reinstate,
    decide_suspend,
    fold,
)
from services.membership.domain.personal import Personal
from services.membership.domain.programme import Programme, decide_create
from services.membership.domain.tree import Link, closes_ring, end_of, with_link
from services.membership.domain.wallet import challenge, decide_bind

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 7, 1, tzinfo=UTC)
SHOP = Programme("shop", "A shop", "GBP", "Europe/London", START)
WALLET = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
OTHER_WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
PAYEE = "0x" + "ab" * 32


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def uid(number: int) -> UUID:
    return UUID(int=number)


def enrolled(number: int, sponsor: int | None = None, joined: int = 0, wallet: str = "") -> MemberEnrolled:
    return MemberEnrolled(
        member=uid(number),
        sponsor=None if sponsor is None else uid(sponsor),
        join_time=day(joined),
        payee=PAYEE,
        personal="sealed",
        reference_index=f"r{number}",
        email_index="",
        wallet=wallet,
    )


def given_member(*events: Event) -> Member:
    state = fold(events)
    assert state is not None
    return state


def enrolment(**changes: object) -> Enrolment:
    wanted = Enrolment(Personal("A1", "Ann", "ann@example.org", "GB"), "", day(10), "")
    return replace(wanted, **changes)  # pyright: ignore[reportArgumentType]


def enrol(wanted: Enrolment, sponsor: Sponsor | None = None) -> list[MemberEnrolled]:
    def protect(member: UUID, personal: Personal) -> Protected:
        return Protected(f"sealed for {member.int}", f"index of {personal.reference}", "")

    events = decide_enrol(wanted, SHOP, sponsor, NOW, uid(1), PAYEE, protect)
    return [event for event in events if isinstance(event, MemberEnrolled)]


def reason_of(caught: pytest.ExceptionInfo[Refusal]) -> str:
    return caught.value.reason


class TestProgramme:
    def test_it_is_created_once(self) -> None:
        (event,) = decide_create(None, SHOP)
        assert event == ProgrammeCreated(
            programme="shop", display_name="A shop", currency="GBP", time_zone="Europe/London", start_time=START
        )
        with pytest.raises(Refusal) as caught:
            decide_create(SHOP, SHOP)
        assert reason_of(caught) == "PROGRAMME_EXISTS"

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"id": "ab"}, "INVALID_PROGRAMME_ID"),
            ({"id": "Shop"}, "INVALID_PROGRAMME_ID"),
            ({"id": "-shop"}, "INVALID_PROGRAMME_ID"),
            ({"id": "s" * 41}, "INVALID_PROGRAMME_ID"),
            ({"display_name": ""}, "INVALID_DISPLAY_NAME"),
            ({"display_name": "a\nb"}, "INVALID_DISPLAY_NAME"),
            ({"currency": "gbp"}, "UNKNOWN_CURRENCY"),
            ({"currency": "XXX"}, "UNKNOWN_CURRENCY"),
            ({"time_zone": "Europe/Nowhere"}, "UNKNOWN_TIME_ZONE"),
            ({"time_zone": "../../etc/passwd"}, "UNKNOWN_TIME_ZONE"),
            ({"time_zone": ""}, "UNKNOWN_TIME_ZONE"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, changes: dict[str, str], reason: str) -> None:
        with pytest.raises(Refusal) as caught:
            decide_create(None, replace(SHOP, **changes))  # pyright: ignore[reportArgumentType]
        assert reason_of(caught) == reason


class TestEnrolment:
    def test_a_root(self) -> None:
        (event,) = enrol(enrolment(wallet=WALLET))
        assert (event.member, event.sponsor, event.payee, event.wallet) == (uid(1), None, PAYEE, WALLET)
        assert (event.personal, event.reference_index) == ("sealed for 1", "index of A1")

    def test_below_a_sponsor(self) -> None:
        (event,) = enrol(enrolment(sponsor_reference="S"), Sponsor(uid(9), day(10)))
        assert event.sponsor == uid(9)

    @pytest.mark.parametrize(
        ("changes", "sponsor", "reason"),
        [
            ({"join_time": START - timedelta(microseconds=1)}, None, "JOINED_BEFORE_START"),
            ({"join_time": NOW + timedelta(days=1, microseconds=1)}, None, "JOINED_IN_FUTURE"),
            ({"sponsor_reference": "S"}, None, "UNKNOWN_SPONSOR"),
            ({"sponsor_reference": "A1"}, None, "SPONSOR_CYCLE"),
            ({"sponsor_reference": "S"}, Sponsor(uid(9), day(11)), "SPONSOR_JOINED_LATER"),
        ],
    )
    def test_refused(self, changes: dict[str, object], sponsor: Sponsor | None, reason: str) -> None:
        with pytest.raises(Refusal) as caught:
            enrol(enrolment(**changes), sponsor)
        assert reason_of(caught) == reason

    def test_no_key_is_made_for_who_is_refused(self) -> None:
        def protect(member: UUID, personal: Personal) -> Protected:
            raise AssertionError(f"{member} {personal}")

        with pytest.raises(Refusal):
            decide_enrol(enrolment(sponsor_reference="S"), SHOP, None, NOW, uid(1), PAYEE, protect)

    def test_the_same_again_is_no_refusal(self) -> None:
        was = enrolled(1, sponsor=9, joined=10, wallet=WALLET)
        again = enrolment(sponsor_reference="S", wallet=WALLET)
        check_repeated(was, again.personal, again, Sponsor(uid(9), day(1)))

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"personal": Personal("A1", "Anne", "ann@example.org", "GB")}, "display_name"),
            ({"personal": Personal("A1", "Ann", "ann@example.com", "GB")}, "email"),
            ({"personal": Personal("A1", "Ann", "ann@example.org", "FR")}, "country"),
            ({"join_time": day(11)}, "join_time"),
            ({"wallet": OTHER_WALLET}, "wallet"),
            ({"sponsor_reference": ""}, "sponsor_reference"),
        ],
    )
    def test_other_content_is_refused_and_named(self, changes: dict[str, object], field: str) -> None:
        was = enrolled(1, sponsor=9, joined=10, wallet=WALLET)
        again = enrolment(**{"sponsor_reference": "S", "wallet": WALLET, **changes})
        with pytest.raises(Refusal) as caught:
            check_repeated(was, enrolment().personal, again, Sponsor(uid(9), day(1)))
        assert (reason_of(caught), caught.value.field) == ("MEMBER_DIFFERS", field)

    def test_another_or_an_unknown_sponsor_is_other_content(self) -> None:
        again = enrolment(sponsor_reference="S")
        for was in (enrolled(1, sponsor=9, joined=10), enrolled(1, joined=10)):
            for sponsor in (Sponsor(uid(8), day(1)), None):
                with pytest.raises(Refusal) as caught:
                    check_repeated(was, again.personal, again, sponsor)
                assert caught.value.field == "sponsor_reference"

    def test_nobody_takes_the_place_of_an_erased_member(self) -> None:
        with pytest.raises(Refusal) as caught:
            check_repeated(enrolled(1, joined=10), None, enrolment(), None)
        assert reason_of(caught) == "MEMBER_ERASED"


class TestPersonalData:
    def test_one_spelling_of_each_letter(self) -> None:
        assert Personal.checked("e\u0301", "", "", "") == Personal.checked("\u00e9", "", "", "")
        assert Personal.checked("A", "", "Ann@Example.org", "").email_key == "ann@example.org"

    @pytest.mark.parametrize("reference", ["1", "x" * 128, "+86 138 0013 8000", "会员-7", "a/b"])
    def test_references(self, reference: str) -> None:
        assert Personal.checked(reference, "", "", "").reference == reference

    @pytest.mark.parametrize(
        ("texts", "reason"),
        [
            (("", "", "", ""), "INVALID_REFERENCE"),
            (("x" * 129, "", "", ""), "INVALID_REFERENCE"),
            ((" a", "", "", ""), "INVALID_REFERENCE"),
            (("a\0", "", "", ""), "INVALID_REFERENCE"),
            (("a", "n" * 201, "", ""), "INVALID_MEMBER_NAME"),
            (("a", "n\n", "", ""), "INVALID_MEMBER_NAME"),
            (("a", "", "no-at", ""), "INVALID_EMAIL"),
            (("a", "", "a@b@c", ""), "INVALID_EMAIL"),
            (("a", "", "a b@c", ""), "INVALID_EMAIL"),
            (("a", "", "a" * 250 + "@b.cd", ""), "INVALID_EMAIL"),
            (("a", "", "", "c" * 101), "INVALID_COUNTRY"),
        ],
    )
    def test_refused(self, texts: tuple[str, str, str, str], reason: str) -> None:
        with pytest.raises(Refusal) as caught:
            Personal.checked(*texts)
        assert reason_of(caught) == reason


class TestStanding:
    def test_suspended_and_reinstated(self) -> None:
        member = given_member(enrolled(1))
        assert decide_reinstate(member) == []
        (event,) = decide_suspend(member, "late", lambda text: f"sealed {text}")
        assert event == MemberSuspended(member=uid(1), reason="sealed late")
        suspended = given_member(enrolled(1), event)
        assert suspended.suspended
        assert decide_suspend(suspended, "again", lambda text: text) == []
        assert decide_reinstate(suspended) == [MemberReinstated(member=uid(1))]

    def test_a_novel_is_no_reason(self) -> None:
        with pytest.raises(Refusal) as caught:
            decide_suspend(given_member(enrolled(1)), "x" * 501, lambda text: text)
        assert reason_of(caught) == "INVALID_REASON"


class TestWallet:
    def bound(self, account: str, number: int) -> WalletBound:
        return WalletBound(member=uid(1), payee=PAYEE, account=account, binding=number)

    def test_the_owner_binds_it(self) -> None:
        assert decide_bind(given_member(enrolled(1)), WALLET, WALLET) == [self.bound(WALLET, 1)]

    def test_somebody_else_does_not(self) -> None:
        with pytest.raises(Refusal) as caught:
            decide_bind(given_member(enrolled(1)), WALLET, OTHER_WALLET)
        assert reason_of(caught) == "WRONG_SIGNER"

    def test_again_changes_nothing(self) -> None:
        assert decide_bind(given_member(enrolled(1), self.bound(WALLET, 1)), WALLET, WALLET) == []

    def test_a_proposed_wallet_is_not_a_bound_one(self) -> None:
        assert decide_bind(given_member(enrolled(1, wallet=WALLET)), WALLET, WALLET) == [self.bound(WALLET, 1)]

    def test_every_binding_asks_for_another_signature(self) -> None:
        events: list[Event] = [enrolled(1)]
        texts = [challenge("shop", given_member(*events), WALLET)]
        for number, account in enumerate([WALLET, OTHER_WALLET, WALLET], 1):
            events.append(self.bound(account, number))
            texts.append(challenge("shop", given_member(*events), WALLET))
        assert texts[0] == texts[1], "a repeated binding is signed by the same text"
        assert texts[2] == texts[3], "bound anew under the number that it was signed for"
        assert texts[1] != texts[2], "what was signed before the wallet was replaced does not bring it back"

    def test_the_text_says_for_what_it_is(self) -> None:
        text = challenge("shop", given_member(enrolled(1)), WALLET)
        for part in ("Programme: shop\n", f"Member: {uid(1)}\n", f"Payee: {PAYEE}\n", f"Wallet: {WALLET}\n"):
            assert part in text
        assert text.endswith("Binding: 1")


Tree = dict[UUID, tuple[Link, ...]]


def change(tree: Tree, member: int, sponsor: int, since: int) -> list[SponsorChanged]:
    """Decides on a change in a tree in which everybody joined on day 0."""
    state = Member(enrolled(member), 1, tree[uid(member)])
    return decide_change_sponsor(state, Sponsor(uid(sponsor), START), day(since), lambda who: tree[who])


def has_ring(tree: Mapping[UUID, tuple[Link, ...]]) -> bool:
    """The slow way: looks at the whole tree at every moment at which anything changes."""
    for moment in {link.since for links in tree.values() for link in links}:
        above = {
            member: next((link.sponsor for link in reversed(links) if link.since <= moment), None)
            for member, links in tree.items()
        }
        for member in tree:
            who, steps = above[member], 0
            while who is not None and steps <= len(tree):
                who, steps = above[who], steps + 1
            if steps > len(tree):
                return True
    return False


def line(*members: int) -> Tree:
    """Each below the one before."""
    return {
        uid(member): (Link(START, uid(members[place - 1]) if place else None),) for place, member in enumerate(members)
    }


class TestTree:
    def test_a_member_moves(self) -> None:
        tree = line(1, 2, 3)
        (event,) = change(tree, 3, 1, 5)
        assert event == SponsorChanged(member=uid(3), sponsor=uid(1), effective_time=day(5))
        moved = given_member(enrolled(3, sponsor=2), event)
        assert moved.links == (Link(START, uid(2)), Link(day(5), uid(1)))

    def test_the_same_change_again_changes_nothing(self) -> None:
        assert change(line(1, 2), 2, 1, 0) == []

    @pytest.mark.parametrize("sponsor", [1, 2, 3])
    def test_nobody_stands_above_himself(self, sponsor: int) -> None:
        with pytest.raises(Refusal) as caught:
            change(line(1, 2, 3), 1, sponsor, 5)
        assert reason_of(caught) == "SPONSOR_CYCLE"

    def test_a_ring_that_a_later_change_would_close(self) -> None:
        tree = line(1, 2) | {uid(3): (Link(START, None), Link(day(20), uid(2)))}
        with pytest.raises(Refusal) as caught:
            change(tree, 1, 3, 10)
        assert reason_of(caught) == "SPONSOR_CYCLE"

    def test_a_later_change_of_ones_own_ends_the_danger(self) -> None:
        tree: Tree = line(1, 2) | {
            uid(1): (Link(START, None), Link(day(15), uid(4))),
            uid(3): (Link(START, None), Link(day(20), uid(2))),
            uid(4): (Link(START, None),),
        }
        assert change(tree, 1, 3, 10)

    def test_not_before_somebody_was_there(self) -> None:
        state = given_member(enrolled(1, joined=5))
        with pytest.raises(Refusal) as caught:
            decide_change_sponsor(state, Sponsor(uid(2), START), day(4), lambda _: ())
        assert reason_of(caught) == "BEFORE_JOINING"
        with pytest.raises(Refusal) as caught:
            decide_change_sponsor(state, Sponsor(uid(2), day(9)), day(8), lambda _: ())
        assert reason_of(caught) == "SPONSOR_JOINED_LATER"

    @given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 8)), max_size=25))
    def test_no_ring_ever_and_no_harmless_change_refused(self, changes: list[tuple[int, int, int]]) -> None:
        tree: Tree = {uid(member): (Link(START, None),) for member in range(7)}
        for member, sponsor, since in changes:
            new = Link(day(since), uid(sponsor))
            after = {**tree, uid(member): with_link(tree[uid(member)], new)}
            if closes_ring(lambda who, now=tree: now[who], uid(member), new):
                assert has_ring(after)
            else:
                assert not has_ring(after)
                tree = after

    def test_a_very_long_line(self) -> None:
        tree = line(*range(50_000))
        with pytest.raises(Refusal):
            change(tree, 0, 49_999, 5)

    def test_the_end_of_a_link(self) -> None:
        links = (Link(day(1), None), Link(day(3), uid(1)))
        assert end_of(links, day(1)) == day(3)
        assert end_of(links, day(3)) > day(100_000)
