"""What points are worth at most in money: the least that was said of each kind."""

from decimal import Decimal

from fenxiao.money import parse_decimal
from libs.eventlog import Reader, Recorded, Tx, View
from services.settlement.domain.points_events import PointsPriced
from services.settlement.domain.rewards import Worth


def worth_of(reader: Reader, programme: str, points: str) -> tuple[Worth | None, int]:
    """That of a kind, None if nothing was said; and how often something was.

    Points that were given under several words are alike: the least counts, and none where the currencies differ.
    """
    rows = reader.all("SELECT worth, currency FROM view_worths WHERE programme=? AND points=?", (programme, points))
    if not rows:
        return None, 0
    each = min(parse_decimal(worth) for worth, _ in rows)
    currencies = {currency for _, currency in rows}
    return Worth(each if len(currencies) == 1 else Decimal(0), max(currencies)), len(rows)


def _priced(tx: Tx, recorded: Recorded[PointsPriced]) -> None:
    event = recorded.event
    row = (recorded.meta.programme, event.points, recorded.version, event.worth, event.currency)
    tx.run("INSERT INTO view_worths VALUES (?, ?, ?, ?, ?)", row)


WORTHS = View(
    name="worths",
    ddl=[
        "CREATE TABLE IF NOT EXISTS view_worths ("
        "programme TEXT NOT NULL, points TEXT NOT NULL, version BIGINT NOT NULL, worth TEXT NOT NULL,"
        " currency TEXT NOT NULL, PRIMARY KEY (programme, points, version))",
    ],
    own={PointsPriced: _priced},
)
