"""Rewards: every version, and how many of it were redeemed."""

from typing import Final

from libs.eventlog import Reader, Recorded, Row, Tx, View
from services.settlement.domain.points_events import (
    Money,
    PointsRedeemed,
    RedemptionCancelled,
    RewardDefined,
    RewardWithdrawn,
)
from services.settlement.domain.rewards import Offer
from services.settlement.views.columns import from_micros, to_micros

_COLUMNS: Final = (
    "reward, version, points, price, title_en, title_zh, stock, starts_at, ends_at, currency, amount_minor, withdrawn,"
    " redeemed"
)
_NEWEST: Final = "newest=1"


def reward_of(reader: Reader, programme: str, reward: str) -> tuple[Offer | None, int]:
    """The newest version of a reward, None if there is none; and the version of its stream."""
    row = reader.one(
        f"SELECT {_COLUMNS}, stream_version FROM view_rewards WHERE programme=? AND reward=? AND {_NEWEST}",  # noqa: S608 # our own columns
        (programme, reward),
    )
    return (_offer(row[:-1]), row[-1]) if row else (None, 0)


def rewards_after(
    reader: Reader, programme: str, points: str, after: str, limit: int, *, withdrawn: bool
) -> list[Offer]:
    """The newest versions of rewards behind one, by id; of one kind of points if it is named."""
    which, only = (" AND points=?", (points,)) if points else ("", ())
    rows = reader.all(
        f"SELECT {_COLUMNS} FROM view_rewards WHERE programme=? AND {_NEWEST}{which}"  # noqa: S608 # our own columns
        f" AND reward>?{'' if withdrawn else ' AND withdrawn=0'} ORDER BY reward LIMIT ?",
        (programme, *only, after, limit),
    )
    return [_offer(row) for row in rows]


def _offer(row: Row) -> Offer:
    reward, version, points, price, title_en, title_zh, stock, starts_at, ends_at, currency, amount, gone, taken = row
    return Offer(
        RewardDefined(
            reward=reward,
            version=version,
            points=points,
            price=price,
            title_en=title_en,
            title_zh=title_zh,
            stock=stock,
            starts_at=None if starts_at is None else from_micros(starts_at),
            ends_at=None if ends_at is None else from_micros(ends_at),
            money=Money(currency=currency, amount_minor=amount) if currency else None,
        ),
        bool(gone),
        taken,
    )


def _defined(tx: Tx, recorded: Recorded[RewardDefined]) -> None:
    event, programme = recorded.event, recorded.meta.programme
    tx.run("UPDATE view_rewards SET newest=0 WHERE programme=? AND reward=?", (programme, event.reward))
    tx.run(
        "INSERT INTO view_rewards VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 1, ?)",
        (
            programme,
            event.reward,
            event.version,
            event.points,
            event.price,
            event.title_en,
            event.title_zh,
            event.stock,
            to_micros(event.starts_at),
            to_micros(event.ends_at),
            event.money.currency if event.money else "",
            event.money.amount_minor if event.money else 0,
            recorded.version,
        ),
    )


def _withdrawn(tx: Tx, recorded: Recorded[RewardWithdrawn]) -> None:
    tx.run(
        f"UPDATE view_rewards SET withdrawn=1, stream_version=? WHERE programme=? AND reward=? AND {_NEWEST}",  # noqa: S608 # our own columns
        (recorded.version, recorded.meta.programme, recorded.event.reward),
    )


def _redeemed(tx: Tx, recorded: Recorded[PointsRedeemed]) -> None:
    _count(tx, recorded, recorded.event.quantity)


def _cancelled(tx: Tx, recorded: Recorded[RedemptionCancelled]) -> None:
    _count(tx, recorded, -recorded.event.quantity)


def _count(tx: Tx, recorded: Recorded[PointsRedeemed] | Recorded[RedemptionCancelled], quantity: int) -> None:
    event = recorded.event
    tx.run(
        "UPDATE view_rewards SET redeemed=redeemed+? WHERE programme=? AND reward=? AND version=?",
        (quantity, recorded.meta.programme, event.reward, event.version),
    )


REWARDS = View(
    name="rewards",
    ddl=[
        "CREATE TABLE IF NOT EXISTS view_rewards ("
        "programme TEXT NOT NULL, reward TEXT NOT NULL, version BIGINT NOT NULL, points TEXT NOT NULL,"
        " price BIGINT NOT NULL, title_en TEXT NOT NULL, title_zh TEXT NOT NULL, stock BIGINT, starts_at BIGINT,"
        " ends_at BIGINT, currency TEXT NOT NULL, amount_minor BIGINT NOT NULL, withdrawn BIGINT NOT NULL,"
        " redeemed BIGINT NOT NULL, newest BIGINT NOT NULL, stream_version BIGINT NOT NULL,"
        " PRIMARY KEY (programme, reward, version))"
    ],
    own={
        RewardDefined: _defined,
        RewardWithdrawn: _withdrawn,
        PointsRedeemed: _redeemed,
        RedemptionCancelled: _cancelled,
    },
)
