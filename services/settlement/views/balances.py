"""The ledger's balances: what each member's accounts hold, and how far each ledger has come."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple

from libs.eventlog import Reader, Recorded, Row, Tx, View
from services.settlement.domain.accounts import Balances, changes
from services.settlement.domain.conditions import only_window, terms_of
from services.settlement.domain.distribution import Claimant
from services.settlement.domain.events import LEDGER_ENTRIES, LedgerEntry, LinesHeld, MoneyRedeemed

_FIGURES = ", ".join(Balances._fields)
_TOTALS = ", ".join(f"COALESCE(SUM({name}), 0)" for name in ("lines", *Balances._fields))
_NOTHING: Final = Balances()


class MemberBalances(NamedTuple):
    """A member's balances, and how many lines he has."""

    member: str
    lines: int
    balances: Balances


class Sums(NamedTuple):
    """Sums over a whole ledger."""

    members: int
    debtors: int
    paid_members: int
    lines: int
    balances: Balances


def ledger_of(reader: Reader, programme: str, currency: str) -> tuple[int, bool]:
    """Version of a ledger's newest entry, 0 for one without entries; whether it ever had a line with a threshold."""
    row = reader.one(
        "SELECT version, thresholds FROM view_ledgers WHERE programme=? AND currency=?", (programme, currency)
    )
    return (row[0], row[1] > 0) if row else (0, False)


def currencies_of(reader: Reader, programme: str) -> list[str]:
    """The currencies in which a programme has a ledger."""
    rows = reader.all("SELECT currency FROM view_ledgers WHERE programme=? ORDER BY currency", (programme,))
    return [currency for (currency,) in rows]


def balances_of(reader: Reader, programme: str, currency: str, member: str) -> MemberBalances:
    """One member's; all zero for one who has no lines."""
    row = reader.one(
        f"SELECT member, lines, {_FIGURES} FROM view_balances WHERE programme=? AND currency=? AND member=?",  # noqa: S608 # our own columns
        (programme, currency, member),
    )
    return _member_balances(row) if row else MemberBalances(member, 0, _NOTHING)


def balances_after(reader: Reader, programme: str, currency: str, after: str, limit: int) -> list[MemberBalances]:
    """The members behind one, in the order of their ids."""
    rows = reader.all(
        f"SELECT member, lines, {_FIGURES} FROM view_balances"  # noqa: S608 # our own columns
        " WHERE programme=? AND currency=? AND member>? ORDER BY member LIMIT ?",
        (programme, currency, after, limit),
    )
    return [_member_balances(row) for row in rows]


def sums_of(reader: Reader, programme: str, currency: str) -> Sums:
    """Over all members."""
    row = reader.one(
        f"SELECT COUNT(*), COUNT(NULLIF(debt, 0)), COUNT(NULLIF(paid, 0)), {_TOTALS}"  # noqa: S608 # our own columns
        " FROM view_balances WHERE programme=? AND currency=?",
        (programme, currency),
    )
    assert row is not None
    # PostgreSQL sums bigints to numerics, which arrive as decimals.
    return Sums._make((*map(int, row[:4]), Balances._make(map(int, row[4:]))))


def debts_of(reader: Reader, programme: str, currency: str, members: Collection[str] | None = None) -> dict[str, int]:
    """Members with a debt: of all, or of some."""
    if members is not None:
        some = ((member, balances_of(reader, programme, currency, member).balances.debt) for member in members)
        return {member: debt for member, debt in some if debt}
    rows = reader.all(
        "SELECT member, debt FROM view_balances WHERE programme=? AND currency=? AND debt>0", (programme, currency)
    )
    return dict(rows)  # pyright: ignore[reportArgumentType] # rows of two columns


def claimants_of(reader: Reader, programme: str, currency: str) -> list[Claimant]:
    """Everybody with something held, payable, in distribution or paid, as a distribution sees them."""
    rows = reader.all(
        "SELECT b.member, b.payable, b.in_distribution + b.paid, COALESCE(p.payee, ''), COALESCE(p.account, ''),"
        " COALESCE(p.withheld, 0),"
        " COALESCE((SELECT e.account FROM view_entitlements e WHERE e.programme=b.programme"
        " AND e.currency=b.currency AND e.payee=p.payee ORDER BY e.number DESC LIMIT 1), '')"
        " FROM view_balances b LEFT JOIN view_payees p ON p.programme=b.programme AND p.member=b.member"
        " WHERE b.programme=? AND b.currency=? AND (b.held>0 OR b.payable>0 OR b.in_distribution>0 OR b.paid>0)",
        (programme, currency),
    )
    return [Claimant._make((*row[:5], bool(row[5]), row[6])) for row in rows]


def _member_balances(row: Row) -> MemberBalances:
    return MemberBalances(row[0], row[1], Balances._make(row[2:]))


_ADD = ", ".join(f"{name}=view_balances.{name}+excluded.{name}" for name in ("lines", *Balances._fields))


def _entered(tx: Tx, recorded: Recorded[LedgerEntry]) -> None:
    entry, programme = recorded.event, recorded.meta.programme
    lines: dict[str, int] = {}
    thresholds = 0
    if isinstance(entry, MoneyRedeemed):
        lines[entry.member] = 1
    if isinstance(entry, LinesHeld):
        for line in entry.lines:
            lines[line.member] = lines.get(line.member, 0) + 1
            if not only_window(line.conditions):
                thresholds += terms_of(line.conditions).threshold_minor > 0
    tx.run(
        "INSERT INTO view_ledgers VALUES (?, ?, ?, ?) ON CONFLICT (programme, currency)"
        " DO UPDATE SET version=excluded.version, thresholds=view_ledgers.thresholds+excluded.thresholds",
        (programme, entry.currency, recorded.version, thresholds),
    )
    changed = changes(entry.postings)
    tx.run_many(
        f"INSERT INTO view_balances VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 # our own columns
        f" ON CONFLICT (programme, currency, member) DO UPDATE SET {_ADD}",
        [
            (programme, entry.currency, member, lines.get(member, 0), *changed.get(member, _NOTHING))
            for member in {**lines, **changed}
        ],
    )


_APPLY: Mapping[type, Callable[[Tx, Recorded[Any]], None]] = dict.fromkeys(LEDGER_ENTRIES, _entered)

BALANCES = View(
    name="balances",
    ddl=[
        "CREATE TABLE IF NOT EXISTS view_ledgers ("
        "programme TEXT NOT NULL, currency TEXT NOT NULL, version BIGINT NOT NULL, thresholds BIGINT NOT NULL,"
        " PRIMARY KEY (programme, currency))",
        "CREATE TABLE IF NOT EXISTS view_balances ("
        "programme TEXT NOT NULL, currency TEXT NOT NULL, member TEXT NOT NULL, lines BIGINT NOT NULL, "
        + ", ".join(f"{name} BIGINT NOT NULL" for name in Balances._fields)
        + ", PRIMARY KEY (programme, currency, member))",
    ],
    own=_APPLY,
)
