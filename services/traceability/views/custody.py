"""Offers of custody, and who has what as far as hand-overs say."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from fenxiao.money import plain
from libs.eventlog import Reader, Recorded, Tx, View
from services.traceability.domain.custody import Holding, Open, State, handed_over, transfer_of
from services.traceability.domain.events import (
    CustodyAccepted,
    CustodyOffered,
    CustodyOfferWithdrawn,
    CustodyRejected,
)

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_custody_offers (stream TEXT PRIMARY KEY, programme TEXT NOT NULL,"
    " position BIGINT NOT NULL, offerer TEXT NOT NULL, receiver TEXT NOT NULL, state TEXT NOT NULL,"
    " expires BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS view_custody_offers_in_order ON view_custody_offers (programme, position)",
    "CREATE TABLE IF NOT EXISTS view_custody_items (programme TEXT NOT NULL, item TEXT NOT NULL,"
    " stream TEXT NOT NULL, uom TEXT NOT NULL, offerer TEXT NOT NULL, quantity TEXT NOT NULL,"
    " expires BIGINT NOT NULL, state TEXT NOT NULL, accepted BIGINT NOT NULL,"
    " PRIMARY KEY (programme, item, stream, uom))",
    "CREATE INDEX IF NOT EXISTS view_custody_items_open ON view_custody_items (programme, state, item, expires)",
    "CREATE INDEX IF NOT EXISTS view_custody_items_of ON view_custody_items (stream)",
    "CREATE INDEX IF NOT EXISTS view_custody_chain ON view_custody_items (programme, item, accepted)",
    "CREATE TABLE IF NOT EXISTS view_custody_holdings (programme TEXT NOT NULL, item TEXT NOT NULL,"
    " uom TEXT NOT NULL, member TEXT NOT NULL, quantity TEXT NOT NULL, origin SMALLINT NOT NULL,"
    " PRIMARY KEY (programme, item, uom, member))",
]
_AT_ONCE: Final = 500


class OfferPlace(NamedTuple):
    """Where an offer stands."""

    stream: UUID
    position: int


def _offered(tx: Tx, recorded: Recorded[CustodyOffered]) -> None:
    event, programme, stream = recorded.event, recorded.meta.programme, recorded.stream.hex
    tx.run(
        "INSERT INTO view_custody_offers VALUES (?, ?, ?, ?, ?, ?, ?)",
        (stream, programme, recorded.position, event.offerer, event.receiver, State.OFFERED.value, event.expires),
    )
    tx.run_many(
        "INSERT INTO view_custody_items VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
        [
            (programme, one.id, stream, one.uom, event.offerer, one.quantity, event.expires, State.OFFERED.value)
            for one in event.items
        ],
    )


def _accepted(tx: Tx, recorded: Recorded[CustodyAccepted]) -> None:
    programme = recorded.meta.programme
    _answered(tx, recorded.stream, State.ACCEPTED, recorded.position)
    (offered, *_) = tx.load(recorded.stream)
    transfer = transfer_of(programme, offered.event)
    gone, new = handed_over(transfer, holdings_of(tx, programme, [one.id for one in transfer.items]))
    tx.run_many(
        "DELETE FROM view_custody_holdings WHERE programme=? AND item=? AND uom=? AND member=?",
        [(programme, one.item, one.uom, one.member) for one in gone],
    )
    tx.run_many(
        "INSERT INTO view_custody_holdings VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                programme,
                one.item,
                one.uom,
                one.member,
                _text(one.quantity),
                int(one.origin),
            )
            for one in new
        ],
    )


def _text(quantity: Decimal | None) -> str:
    return "" if quantity is None else plain(quantity)


def _rejected(tx: Tx, recorded: Recorded[CustodyRejected]) -> None:
    _answered(tx, recorded.stream, State.REJECTED, 0)


def _withdrawn(tx: Tx, recorded: Recorded[CustodyOfferWithdrawn]) -> None:
    _answered(tx, recorded.stream, State.WITHDRAWN, 0)


def _answered(tx: Tx, stream: UUID, state: State, accepted: int) -> None:
    tx.run("UPDATE view_custody_offers SET state=? WHERE stream=?", (state.value, stream.hex))
    tx.run("UPDATE view_custody_items SET state=?, accepted=? WHERE stream=?", (state.value, accepted, stream.hex))


VIEW = View(
    "custody",
    _DDL,
    own={
        CustodyOffered: _offered,
        CustodyAccepted: _accepted,
        CustodyRejected: _rejected,
        CustodyOfferWithdrawn: _withdrawn,
    },
)


def holdings_of(reader: Reader, programme: str, items: Collection[str]) -> list[Holding]:
    """Who has some items."""
    rows = _among(
        reader,
        "SELECT item, uom, member, quantity, origin FROM view_custody_holdings WHERE programme=? AND item = {keys}",
        (programme,),
        items,
    )
    return sorted(
        (
            Holding(str(item), str(uom), str(member), Decimal(quantity) if quantity else None, bool(origin))
            for item, uom, member, quantity, origin in rows
        ),
        key=lambda one: (one.item, one.uom, one.member),
    )


def open_of(reader: Reader, programme: str, items: Collection[str], as_of: int | None) -> list[Open]:
    """The offers of some items that are not answered and have not lapsed."""
    rows = _among(
        reader,
        "SELECT item, uom, offerer, quantity FROM view_custody_items"
        " WHERE programme=? AND state='offered' AND expires>? AND item = {keys}",
        (programme, -1 if as_of is None else as_of),
        items,
    )
    return [
        Open(str(item), str(uom), str(offerer), Decimal(quantity) if quantity else None)
        for item, uom, offerer, quantity in rows
    ]


def chain_of(reader: Reader, programme: str, item: str, after: int, limit: int) -> list[OfferPlace]:
    """The accepted hand-overs of an item, the oldest first."""
    rows = reader.all(
        "SELECT DISTINCT stream, accepted FROM view_custody_items WHERE programme=? AND item=? AND accepted>?"
        " ORDER BY accepted LIMIT ?",
        (programme, item, after, limit),
    )
    return [OfferPlace(UUID(stream), int(accepted)) for stream, accepted in rows]


def offers_of(
    reader: Reader, programme: str, member: str, state: State | None, as_of: int | None, after: int, limit: int
) -> list[OfferPlace]:
    """Offers in the order in which they were made; of one member on either side, in one state."""
    which, params = "", list[object]()
    if member:
        which += " AND (offerer=? OR receiver=?)"
        params += [member, member]
    if state is not None:
        kept = State.OFFERED if state is State.EXPIRED else state
        which += " AND state=?"
        params.append(kept.value)
    if state in (State.OFFERED, State.EXPIRED):
        which += " AND expires>?" if state is State.OFFERED else " AND expires<=?"
        params.append(-1 if as_of is None else as_of)
    rows = reader.all(
        f"SELECT stream, position FROM view_custody_offers WHERE programme=? AND position>?{which}"  # noqa: S608 # our own text
        " ORDER BY position LIMIT ?",
        (programme, after, *params, limit),
    )
    return [OfferPlace(UUID(stream), int(position)) for stream, position in rows]


def _among(reader: Reader, sql: str, params: tuple[object, ...], keys: Collection[str]) -> list[Sequence[Any]]:
    found: list[Sequence[Any]] = []
    wanted = sorted(set(keys))
    for start in range(0, len(wanted), _AT_ONCE):
        found += reader.among(sql, params, wanted[start : start + _AT_ONCE])
    return found
