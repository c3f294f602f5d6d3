"""The verifier: from an export, and the chain where there is one, to a report."""

from collections import defaultdict

from fenxiao.proofs.hashes import parse_hash, programme_key, to_hex
from fenxiao.verify.chain import Chain
from fenxiao.verify.export import Export
from fenxiao.verify.facts import gather
from fenxiao.verify.ledger import Books, check_statements, replay
from fenxiao.verify.lines import check_lines
from fenxiao.verify.report import Report


def verify(export: Export, chain: Chain | None) -> Report:
    """Checks everything that the export and the chain allow. Raises `ChainUnreachable` if the node does not answer."""
    report = Report(export.programme)
    facts = gather(export, report)
    check_lines(facts, report)
    books = replay(facts, report)
    check_statements(books, export.statements, report)
    report.figures |= {
        "members": len(facts.members),
        "sales": sum(1 for fact in facts.sales.values() if not fact.is_return),
        "returns": sum(1 for fact in facts.sales.values() if fact.is_return),
        "lines": sum(len(fact.posted) for fact in facts.sales.values()),
    }
    if chain is None:
        report.not_checked.append("roots, payments and balances on chain: no RPC address was given")
    else:
        _check_chain(export.programme, books, chain, report)
    report.not_checked.append("whether every sale was reported: a sale that nobody has recorded leaves no trace here")
    return report


def _check_chain(programme: str, books: Books, chain: Chain, report: Report) -> None:
    key = programme_key(programme)
    last = chain.final_block()
    where = report.check("contracts", "the distributions name this chain, vault, token and programme")
    chain_id = chain.chain_id()
    mine = [found for found in books.distributions if found.closed.token == chain.token]
    for found in books.distributions:
        closed = found.closed
        if closed.token != chain.token:
            report.not_checked.append(f"{closed.currency}-{closed.number} on chain: it is paid in {closed.token}")
            continue
        fits = (closed.chain_id, closed.vault, closed.programme_key) == (chain_id, chain.vault, to_hex(key))
        where.that(fits, f"{closed.currency}-{closed.number} is for chain {closed.chain_id}, vault {closed.vault}")

    roots = report.check("roots", "each distribution's root, total and data hash stand on chain, and no others")
    proposed = {root.number: root for root in chain.roots(key, last)}
    for found in mine:
        closed, root = found.closed, proposed.pop(found.closed.number, None)
        roots.that(
            root is not None
            and (root.root, root.total, root.data_hash)
            == (closed.root, int(closed.cumulative_units), closed.data_hash),
            f"{closed.currency}-{closed.number}: on chain stands {root}",
        )
    for root in proposed.values():
        roots.that(False, f"the chain has a root {root.root} as number {root.number}, which was never closed")

    payouts = report.check("payouts", "the vault has paid each payee what the newest distribution entitles him to")
    newest = mine[-1] if mine else None
    entitled = {payout.payee: payout.cumulative for payout in newest.tree.payouts} if newest else {}
    paid = dict(zip(entitled, chain.paid(key, list(entitled), last), strict=True))
    for payee, units in entitled.items():
        payouts.that(
            paid[payee] == units, f"payee {to_hex(payee)} is entitled to {units} units, was paid {paid[payee]}"
        )
    payouts.that(
        chain.paid_out(key, last) == sum(paid.values()),
        f"the vault has paid {chain.paid_out(key, last)} units in all, the payees got {sum(paid.values())}",
    )

    balances = report.check("balances", "each wallet received from the vault what its payees were paid, and holds it")
    received: dict[str, int] = defaultdict(int)
    holds: dict[str, int] = defaultdict(int)
    for transfer in chain.transfers(last):
        if transfer.sender == chain.vault:
            received[transfer.receiver] += transfer.units
        holds[transfer.receiver] += transfer.units
        holds[transfer.sender] -= transfer.units
    owners = {parse_hash(entry.payee): entry.account for found in mine for entry in found.entries}
    expected: dict[str, int] = defaultdict(int)
    for payee, units in paid.items():
        expected[owners[payee]] += units
    moved = len({(e.payee, e.account) for found in mine for e in found.entries}) > len(owners)
    accounts = sorted(expected)
    for account, balance in zip(accounts, chain.balances(accounts, last), strict=True):
        if not moved:
            balances.that(
                received[account] == expected[account],
                f"{account} received {received[account]} units, its payees were paid {expected[account]}",
            )
        balances.that(
            balance == holds[account], f"{account} holds {balance} units, its transfers give {holds[account]}"
        )
    if moved:
        report.not_checked.append("which wallet received how much: some payees changed theirs between distributions")

    solvency = report.check("solvency", "the vault holds what it still owes")
    funded, out = chain.funded(key, last), chain.paid_out(key, last)
    owed = sum(entitled.values()) - out
    held = chain.balances([chain.vault], last)[0]
    solvency.that(funded - out >= owed, f"the programme has {funded - out} units left in the vault and owes {owed}")
    solvency.that(held >= funded - out, f"the vault holds {held} units, {funded - out} of them are this programme's")
    report.figures["paid_units"] = str(sum(paid.values()))
    report.figures["payees"] = len([units for units in paid.values() if units])
