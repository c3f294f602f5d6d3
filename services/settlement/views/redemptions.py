"""Redemptions, in the order in which they were made, and what each has taken of which lot."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from libs.eventlog import Reader, Recorded, Row, Tx, View
from services.settlement.domain.points_events import PointsRedeemed, RedemptionCancelled, RedemptionFulfilled
from services.settlement.domain.redemptions import Redemption, State
from services.settlement.views.columns import from_micros, to_micros

_COLUMNS: Final = (
    "position, redemption, member, points, reward, version, quantity, amount, state, currency, amount_minor, made_at"
)


class RedemptionRow(NamedTuple):
    """A redemption as it is shown."""

    position: int
    redemption: Redemption
    currency: str
    """Of money that was credited; else empty."""
    amount_minor: int
    made_at: datetime
    """When it was recorded."""


def redemption_of(reader: Reader, programme: str, redemption: str) -> RedemptionRow | None:
    """One of them."""
    row = reader.one(
        f"SELECT {_COLUMNS} FROM view_redemptions WHERE programme=? AND redemption=?",  # noqa: S608 # our own columns
        (programme, redemption),
    )
    return _row(row) if row else None


def redemptions_after(
    reader: Reader, programme: str, wanted: Sequence[tuple[str, str]], after: int, limit: int
) -> list[RedemptionRow]:
    """Those behind a position; `wanted` restricts columns to a value."""
    which = "".join(f" AND {column}=?" for column, _ in wanted)
    rows = reader.all(
        f"SELECT {_COLUMNS} FROM view_redemptions WHERE programme=? AND position>?{which} ORDER BY position LIMIT ?",  # noqa: S608 # our own columns
        (programme, after, *(value for _, value in wanted), limit),
    )
    return [_row(row) for row in rows]


def parts_of(reader: Reader, programme: str, redemption: str) -> dict[str, int]:
    """What a redemption has taken of which lot."""
    rows = reader.all(
        "SELECT line, amount FROM view_redeemed_lots WHERE programme=? AND redemption=?", (programme, redemption)
    )
    return dict(rows)  # pyright: ignore[reportArgumentType] # rows of two columns


def _row(row: Row) -> RedemptionRow:
    position, redemption, member, points, reward, version, quantity, amount, state, *rest = row
    found = Redemption(redemption, member, points, reward, version, quantity, amount, State(state))
    currency, amount_minor, made_at = rest
    return RedemptionRow(position, found, currency, amount_minor, from_micros(made_at))


def _redeemed(tx: Tx, recorded: Recorded[PointsRedeemed]) -> None:
    event, programme = recorded.event, recorded.meta.programme
    tx.run(
        "INSERT INTO view_redemptions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            programme,
            recorded.position,
            event.redemption,
            event.member,
            event.points,
            event.reward,
            event.version,
            event.quantity,
            event.amount,
            (State.CREDITED if event.money else State.OPEN).value,
            event.money.currency if event.money else "",
            event.money.amount_minor if event.money else 0,
            to_micros(recorded.recorded_at),
        ),
    )
    tx.run_many(
        "INSERT INTO view_redeemed_lots VALUES (?, ?, ?, ?)",
        [(programme, event.redemption, lot.line, -lot.available) for lot in event.lots],
    )


def _fulfilled(tx: Tx, recorded: Recorded[RedemptionFulfilled]) -> None:
    _set(tx, recorded, State.FULFILLED)


def _cancelled(tx: Tx, recorded: Recorded[RedemptionCancelled]) -> None:
    _set(tx, recorded, State.CANCELLED)


def _set(tx: Tx, recorded: Recorded[RedemptionFulfilled] | Recorded[RedemptionCancelled], state: State) -> None:
    tx.run(
        "UPDATE view_redemptions SET state=? WHERE programme=? AND redemption=?",
        (state.value, recorded.meta.programme, recorded.event.redemption),
    )


REDEMPTIONS = View(
    name="redemptions",
    ddl=[
        "CREATE TABLE IF NOT EXISTS view_redemptions ("
        "programme TEXT NOT NULL, position BIGINT NOT NULL, redemption TEXT NOT NULL, member TEXT NOT NULL,"
        " points TEXT NOT NULL, reward TEXT NOT NULL, version BIGINT NOT NULL, quantity BIGINT NOT NULL,"
        " amount BIGINT NOT NULL, state TEXT NOT NULL, currency TEXT NOT NULL, amount_minor BIGINT NOT NULL,"
        " made_at BIGINT NOT NULL, PRIMARY KEY (programme, redemption))",
        "CREATE INDEX IF NOT EXISTS view_redemptions_in_order ON view_redemptions (programme, position)",
        "CREATE INDEX IF NOT EXISTS view_redemptions_of_member ON view_redemptions (programme, member, position)",
        "CREATE TABLE IF NOT EXISTS view_redeemed_lots ("
        "programme TEXT NOT NULL, redemption TEXT NOT NULL, line TEXT NOT NULL, amount BIGINT NOT NULL,"
        " PRIMARY KEY (programme, redemption, line))",
    ],
    own={PointsRedeemed: _redeemed, RedemptionFulfilled: _fulfilled, RedemptionCancelled: _cancelled},
)
