"""Distributions: who gets what, when one may close, and what the chain says of it."""

import hashlib

import pytest

from fenxiao.errors import Refusal
from fenxiao.proofs.hashes import parse_address, parse_hash, programme_key, to_hex
from fenxiao.proofs.payout_tree import Payout, PayoutScope, PayoutTree, verify_payout
from services.settlement.domain.accounts import Balances, changes
from services.settlement.domain.distribution import (
    ENTRIES_IN_A_PART,
    NO_ROOT,
    Claimant,
    Standing,
    State,
    check_turn,
    check_worth,
    decide_blocked,
    decide_distribution,
    decide_proposed,
    decide_shares,
)
from services.settlement.domain.errors import DoesNotFit
from services.settlement.domain.events import DistributionClosed, EntitlementsListed
from services.settlement.tests.given import ASSET, GBP, PLAN, PROGRAMME, SCALE, TOKEN, VAULT, account, day, payee

ROOT = "0x" + "11" * 32


def claimant(
    member: str, payable: int, entitled: int = 0, *, withheld: bool = False, listed: str = "", wallet: bool = True
) -> Claimant:
    return Claimant(
        member, payable, entitled, payee(member) if wallet else "", account(member) if wallet else "", withheld, listed
    )


def test_who_can_be_paid_gets_all_that_is_payable() -> None:
    shares = decide_shares([claimant("anna", 100), claimant("ben", 20, entitled=50, listed=account("ben"))])
    assert {entry.member: (entry.cumulative_minor, entry.due_minor) for entry in shares.entries} == {
        "anna": (100, 100),
        "ben": (70, 20),
    }
    assert [entry.payee for entry in shares.entries] == sorted(entry.payee for entry in shares.entries)
    assert (shares.due_payees, shares.due_minor, shares.cumulative_minor) == (2, 120, 170)


def test_without_a_proven_wallet_or_when_suspended_it_stays_payable() -> None:
    shares = decide_shares([claimant("anna", 100, wallet=False), claimant("ben", 20, withheld=True)])
    assert shares == ([], 2, 120)


def test_who_was_ever_entitled_stands_in_every_later_tree() -> None:
    shares = decide_shares([claimant("anna", 0, entitled=70), claimant("ben", 5, entitled=30, withheld=True)])
    assert {entry.member: (entry.cumulative_minor, entry.due_minor) for entry in shares.entries} == {
        "anna": (70, 0),
        "ben": (30, 0),
    }


def test_a_new_wallet_gets_what_is_still_open() -> None:
    shares = decide_shares([claimant("anna", 0, entitled=70, listed=account("anna", 9))])
    assert shares.entries[0].moved
    assert shares.entries[0].account == account("anna")


def test_the_distribution_follows_its_parts_under_one_root() -> None:
    members = [f"m{n}" for n in range(ENTRIES_IN_A_PART + 3)]
    shares = decide_shares([claimant(member, 10) for member in members])
    previous = Standing(4, ROOT, proposed=True, problem="", due_minor=1, paid_minor=1)
    *parts, closed = decide_distribution(PROGRAMME, ASSET, previous, day(31), [PLAN], shares)
    assert isinstance(closed, DistributionClosed)
    listed = [part for part in parts if isinstance(part, EntitlementsListed)]
    assert [(part.part, len(part.entries), part.number) for part in listed] == [(0, ENTRIES_IN_A_PART, 5), (1, 3, 5)]
    assert [entry.member for part in listed for entry in part.entries] == [entry.member for entry in shares.entries]
    assert (closed.number, closed.parts, closed.payees, closed.due_payees) == (5, 2, len(members), len(members))
    assert (closed.previous_root, closed.plan_hashes, closed.scale) == (ROOT, (PLAN,), SCALE)
    assert not closed.postings
    for part in listed:
        for balances in changes(part.postings).values():
            assert balances == Balances(payable=-10, in_distribution=10)

    scope = PayoutScope(31337, parse_address(VAULT), programme_key(PROGRAMME), parse_address(TOKEN))
    payouts = [Payout(parse_hash(payee(m)), bytes.fromhex(account(m)[2:]), 10 * SCALE) for m in members]
    tree = PayoutTree(scope, payouts)
    assert closed.root == to_hex(tree.root)
    assert closed.data_hash == to_hex(hashlib.sha256(b"".join(tree.export())).digest())
    assert verify_payout(scope, payouts[7], tree.proof(payouts[7].payee), parse_hash(closed.root))


def test_the_first_distribution_has_no_root_before_it() -> None:
    *_, closed = decide_distribution(PROGRAMME, ASSET, None, day(31), [], decide_shares([claimant("anna", 1)]))
    assert isinstance(closed, DistributionClosed)
    assert (closed.number, closed.previous_root) == (1, NO_ROOT)


def test_the_next_one_waits_until_the_root_before_it_is_on_chain() -> None:
    standing = Standing(1, ROOT, proposed=False, problem="", due_minor=5, paid_minor=0)
    with pytest.raises(Refusal, match="DISTRIBUTION_IN_PROGRESS"):
        check_turn(standing)
    with pytest.raises(Refusal, match="no funds"):
        check_turn(standing._replace(problem="no funds"))
    check_turn(standing._replace(proposed=True))
    check_turn(standing._replace(proposed=True, problem="a payee cannot be paid"))
    check_turn(None)


def test_nothing_to_pay_is_refused_with_figures() -> None:
    shares = decide_shares([claimant("anna", 250, wallet=False)])
    with pytest.raises(Refusal, match=r"NOTHING_TO_PAY.* 123\.45 GBP is held, and 2\.50 GBP of 1 members"):
        check_worth(shares, GBP, day(31), 12345)


def test_the_state_follows_from_what_is_known() -> None:
    closed = Standing(1, ROOT, proposed=False, problem="", due_minor=5, paid_minor=0)
    assert closed.state == State.CLOSED
    assert closed._replace(problem="no funds").state == State.BLOCKED
    assert closed._replace(proposed=True).state == State.PROPOSED
    assert closed._replace(proposed=True, paid_minor=3).state == State.ACTIVE
    assert closed._replace(proposed=True, paid_minor=3, problem="stuck").state == State.BLOCKED
    assert closed._replace(proposed=True, paid_minor=5, problem="stuck").state == State.PAID


def test_a_root_that_is_not_ours_does_not_fit() -> None:
    ours = Standing(1, ROOT, proposed=False, problem="", due_minor=5, paid_minor=0)

    def proposed(known: Standing | None, root: str) -> object:
        return decide_proposed(known, currency=GBP, number=1, root=root, transaction="0xt", block=1, active_at=9)

    assert proposed(ours, ROOT.upper().replace("X", "x"))
    for known, root in ((ours, "0x" + "22" * 32), (None, ROOT)):
        with pytest.raises(DoesNotFit):
            proposed(known, root)
    with pytest.raises(DoesNotFit):
        decide_blocked(None, currency=GBP, number=1, purpose="propose_root:GBP-1", reason="no funds")
