"""Payouts follow from entitlements: what was called paid, what the chain has paid, and what the wallets received."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.api.settlement.v1 import settlement_pb2
from fenxiao.errors import Refusal
from fenxiao.proofs.hashes import keccak256, programme_key, to_hex
from fenxiao.verify.chain import Chain, ProposedRoot
from fenxiao.verify.facts import Facts
from fenxiao.verify.ledger import Books, Distribution, scale_of
from fenxiao.verify.report import Report


def check_paid(facts: Facts, statements: Sequence[settlement_pb2.Statement], report: Report) -> None:
    """Holds what statements and ledger call paid against what the chain bridge has reported."""
    check = report.check("paid", "what statements call paid was reported from the chain, and booked once")
    for statement in statements:
        member = facts.members.get(statement.member.rpartition("/")[2])
        reported = facts.paid.get((statement.currency, member.payee), 0) if member else 0
        claimed = _minor_as_units(facts, statement.currency, statement.paid_minor)
        check.that(claimed == reported, f"{statement.name}: {claimed} units are called paid, {reported} were reported")
    booked: dict[str, int] = defaultdict(int)
    for _, event in facts.ledger:
        if isinstance(event, settlement.PayoutsBooked):
            booked[event.transaction] += _minor_as_units(facts, event.currency, event.total_minor)
    for transaction in sorted(facts.transactions.keys() | booked.keys()):
        moved, entered = facts.transactions.get(transaction, 0), booked.get(transaction, 0)
        check.that(moved == entered, f"{transaction} moved {moved} units, {entered} were booked")


def _minor_as_units(facts: Facts, currency: str, amount: int) -> int:
    """Minor units as token units; -1, which nothing equals, where there is no token for them."""
    try:
        return amount * scale_of(facts, currency) if amount else 0
    except Refusal:
        return -1


def check_chain(programme: str, facts: Facts, books: Books, chain: Chain, report: Report) -> None:
    """Holds the distributions against the chain, as of its newest final block."""
    key = programme_key(programme)
    last = chain.final_block()
    mine = _check_contracts(key, books, chain, report)
    if not _check_funds(key, chain, last, report):
        # What follows would ask for what stands in logs that were not read, and find nothing but its own blindness.
        report.not_checked.append("roots, payments and balances on chain: not all of the vault's logs were read")
        return
    on_chain = _check_roots(key, facts, mine, chain.roots(key, last), report)
    entitled = _cumulative(mine)
    paid = dict(zip(entitled, chain.paid(key, list(entitled), last), strict=True))
    out = chain.paid_out(key, last)
    _check_payouts(facts, entitled, paid, out, last, report)
    _check_balances(key, facts, paid, chain, last, report)
    solvency = report.check("solvency", "the vault holds what it still owes")
    left = chain.funded(key, last) - out
    owed = sum(_cumulative(on_chain).values()) - out
    held = chain.balances([chain.vault], last)[0]
    solvency.that(left >= owed, f"the programme has {left} units left in the vault and owes {owed}")
    solvency.that(held >= left, f"the vault holds {held} units, {left} of them are this programme's")
    report.figures["paid_units"] = str(sum(paid.values()))
    report.figures["payees"] = sum(1 for units in paid.values() if units)


def _cumulative(distributions: Sequence[Distribution]) -> dict[bytes, int]:
    """What the newest of them entitles each payee to."""
    return {payout.payee: payout.cumulative for payout in distributions[-1].tree.payouts} if distributions else {}


def _check_contracts(key: bytes, books: Books, chain: Chain, report: Report) -> list[Distribution]:
    """The distributions that are paid in the token looked at."""
    check = report.check("contracts", "the distributions name this chain, vault, token and programme")
    chain_id = chain.chain_id()
    mine: list[Distribution] = []
    for found in books.distributions:
        closed = found.closed
        if closed.token != chain.token:
            report.not_checked.append(f"{found.name} on chain: it is paid in {closed.token}")
            continue
        fits = (closed.chain_id, closed.vault, closed.programme_key) == (chain_id, chain.vault, to_hex(key))
        check.that(fits, f"{found.name} is for chain {closed.chain_id}, vault {closed.vault}")
        mine.append(found)
    return mine


def _check_funds(key: bytes, chain: Chain, last: int, report: Report) -> bool:
    """Whether all logs were read that matter: the first one of a programme says that money came in, and is counted.

    A root in a block that is not read would be missed without a trace, also one that nobody was to see.
    """
    check = report.check("funds", "the vault's logs, as far as they were read, give all that was put in")
    first, funded, logged = chain.first_block, chain.funded(key, last), chain.funding(key, last)
    advice = (
        "read from the block in which the vault was made, or from an earlier one (--from-block)"
        if first
        else "the node has not given all of them; ask another"
    )
    return check.that(
        funded == logged, f"{funded} units were put in, the logs from block {first} on give {logged}: {advice}"
    )


def _check_roots(
    key: bytes, facts: Facts, mine: Sequence[Distribution], roots: Sequence[ProposedRoot], report: Report
) -> list[Distribution]:
    """The distributions whose root stands on chain. One that nobody has called final may still be on its way."""
    check = report.check("roots", "each distribution's root, total, data and plans stand on chain, and no others")
    proposed = {root.number: root for root in roots}
    on_chain: list[Distribution] = []
    for found in mine:
        closed, root = found.closed, proposed.pop(found.closed.number, None)
        if root is None and (closed.currency, closed.number) not in facts.proposed:
            report.not_checked.append(f"{found.name} on chain: its root is not final there yet")
            continue
        plans = to_hex(keccak256(b"".join(bytes.fromhex(text) for text in sorted(closed.plan_hashes))))
        expected = (closed.root, found.tree.total, closed.data_hash, plans)
        check.that(
            root is not None and (root.root, root.total, root.data_hash, root.plan_hash) == expected,
            f"{found.name}: on chain stands {root or 'no root of this number'}",
        )
        on_chain.append(found)
    for root in proposed.values():
        check.that(False, f"the chain has a root {root.root} as number {root.number}, which was never closed")
    return on_chain


def _check_payouts(
    facts: Facts, entitled: Mapping[bytes, int], paid: Mapping[bytes, int], out: int, last: int, report: Report
) -> None:
    check = report.check("payouts", "the vault has paid each payee what was reported, and no more than is due")
    reported = {payee: units for (_, payee), units in facts.paid.items()}
    waiting = 0
    for payee, units in entitled.items():
        claimed = reported.pop(to_hex(payee), 0)
        check.that(
            claimed <= paid[payee] <= units,
            f"payee {to_hex(payee)}: entitled to {units} units, reported as paid {claimed}, was paid {paid[payee]}",
        )
        waiting += paid[payee] < units
    for payee, units in reported.items():
        check.that(False, f"payee {payee} is entitled to nothing, and was reported as paid {units} units")
    got = sum(paid.values())
    check.that(out == got, f"the vault has paid {out} units in all, the payees got {got}")
    if waiting:
        report.not_checked.append(f"what {waiting} payees are still to get: it was not paid by block {last}")


def _check_balances(
    key: bytes, facts: Facts, paid: Mapping[bytes, int], chain: Chain, last: int, report: Report
) -> None:
    check = report.check(
        "balances", "what the vault paid went to wallets that the payees have proved, and arrived there"
    )
    proved = {member.payee: {wallet.account for wallet in member.wallets} for member in facts.members.values()}
    got: dict[str, int] = defaultdict(int)
    due: dict[str, int] = defaultdict(int)
    for payment in chain.payments(key, last):
        got[payment.payee] += payment.units
        due[payment.account] += payment.units
        known = payment.account in proved.get(payment.payee, ())
        check.that(known, f"payee {payment.payee} was paid to {payment.account}, a wallet that was never proved")
    for payee, units in paid.items():
        sent = got[to_hex(payee)]
        check.that(sent == units, f"payee {to_hex(payee)}: the vault has paid {units} units, and logged {sent}")
    arrived: dict[str, int] = defaultdict(int)
    for transfer in chain.transfers(last, sender=chain.vault):
        arrived[transfer.receiver] += transfer.units
    accounts = sorted(due)
    for account, balance in zip(accounts, chain.balances(accounts, last), strict=True):
        # More may have come from another programme of the same vault.
        arrives = arrived[account] >= due[account]
        check.that(arrives, f"{account} was paid {due[account]} units, {arrived[account]} arrived from the vault")
        moved = arrived[account]
        if balance != moved:
            # The owner has spent some, or has got more elsewhere: then all its transfers must give the balance.
            came = sum(transfer.units for transfer in chain.transfers(last, receiver=account))
            moved = came - sum(transfer.units for transfer in chain.transfers(last, sender=account))
        # What it held before the first block that is read, nobody has looked up.
        adds_up = balance >= moved if chain.first_block else balance == moved
        check.that(adds_up, f"{account} holds {balance} units, its transfers give {moved}")
