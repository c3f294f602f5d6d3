"""Settlement's ledger, added up again from its own events, and held against the vault."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fenxiao.proofs.hashes import parse_hash, programme_key
from fenxiao.verify import Chain
from libs.eventlog import EventLog, Reader, Recorded
from libs.localnet.network import Endpoints
from services.settlement.domain.accounts import Balances, changes, imbalance
from services.settlement.domain.events import LEDGER_ENTRIES, EntitlementsListed
from services.settlement.wiring import EVENTS

_PAGE = 1000


@dataclass
class Books:
    """What adding up ends with."""

    balances: dict[tuple[str, str, str], Balances] = field(default_factory=lambda: defaultdict(Balances))
    """(programme, currency, member) → balances."""
    payees: dict[tuple[str, str, str], bytes] = field(default_factory=dict[tuple[str, str, str], bytes])
    problems: list[str] = field(default_factory=list[str])
    entries: int = 0

    def of(self, programme: str, currency: str) -> dict[str, Balances]:
        """The members of one ledger."""
        return {who: sums for (p, c, who), sums in self.balances.items() if (p, c) == (programme, currency)}


async def read_ledger(database: Path) -> list[Recorded[Any]]:
    """Every event of settlement's store (a copy of it)."""

    def everything(reader: Reader) -> list[Recorded[Any]]:
        found: list[Recorded[Any]] = []
        while page := reader.after(found[-1].position if found else 0, _PAGE):
            found += page
        return found

    log = EventLog.open(f"sqlite:///{database}", events=EVENTS)
    try:
        return await log.read(everything)
    finally:
        await log.close()


def add_up(recorded: Iterable[Recorded[Any]]) -> Books:
    """Goes through the entries one by one; after each, every account it touches must balance and be in its bounds."""
    books = Books()
    for one in recorded:
        entry, programme = one.event, one.meta.programme
        if not isinstance(entry, LEDGER_ENTRIES):
            continue
        books.entries += 1
        where = f"{type(entry).__name__} at {one.position}"
        books.problems += [
            f"{where}: {member} is off by {amount}" for member, amount in imbalance(entry.postings).items()
        ]
        for member, change in changes(entry.postings).items():
            key = (programme, entry.currency, member)
            books.balances[key] = books.balances[key].plus(change)
            if problem := books.balances[key].problem():
                books.problems.append(f"{where}: {member}: {problem}")
        if isinstance(entry, EntitlementsListed):
            for entitlement in entry.entries:
                books.payees[programme, entry.currency, entitlement.member] = parse_hash(entitlement.payee)
    return books


def against_vault(books: Books, endpoints: Endpoints, programme: str, currency: str) -> list[str]:
    """Where the ledger's on-chain accounts and the vault differ. The token has the currency's digits here."""
    deployment = endpoints.deployment
    chain = Chain(endpoints.rpc_url, deployment.vault.address, deployment.token.address, deployment.block)
    key, last = programme_key(programme), chain.final_block()
    ledger = books.of(programme, currency)
    members = [member for member, sums in ledger.items() if sums.entitled]
    payees = [books.payees[programme, currency, member] for member in members]
    paid = dict(zip(members, chain.paid(key, payees, last), strict=True))
    problems = [
        f"{member}: the ledger says {ledger[member].paid} paid, the vault {paid[member]}"
        for member in members
        if ledger[member].paid != paid[member]
    ]
    booked, moved = sum(sums.paid for sums in ledger.values()), chain.paid_out(key, last)
    if booked != moved:
        problems.append(f"the ledger has booked {booked} in all, the vault has paid {moved}")
    owed = sum(sums.in_distribution for sums in ledger.values())
    if chain.funded(key, last) - moved < owed:
        problems.append(f"{owed} are in distribution, the vault has {chain.funded(key, last) - moved}")
    return problems
