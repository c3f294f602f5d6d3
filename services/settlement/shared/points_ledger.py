"""The ledger of a programme and kind of points, open for an entry: one stream, in the writer's transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from libs.eventlog import Meta, Tx
from services.settlement.domain.points import Purse
from services.settlement.domain.points_events import PointsEntry
from services.settlement.shared.ledger import stream
from services.settlement.views.lots import lot_of, lots_left
from services.settlement.views.points import points_of, points_version_of


class PointsLedger:
    """A ledger, read as it stands in this transaction."""

    def __init__(self, tx: Tx, programme: str, points: str) -> None:
        self.tx = tx
        self.programme = programme
        self.points = points
        self._stream = stream(programme, "points", points)
        self._version = points_version_of(tx, programme, points)

    def purse(self, member: str, taken: int = 0, named: Iterable[str] = ()) -> Purse:
        """A member's purse, with the lots that are named, and as many others as have `taken` left together."""
        balances = points_of(self.tx, self.programme, self.points, member)
        available = min(taken, balances.available)
        held = min(taken - available, balances.held)
        found = lots_left(self.tx, self.programme, self.points, member, available=available, held=held)
        purse = Purse(member, balances.debt, {lot.line: lot for lot in found})
        for line in named:
            lot = lot_of(self.tx, self.programme, self.points, line)
            if lot is not None and lot.member == member:
                purse.lots.setdefault(line, lot)
        return purse

    def enter(self, entries: Sequence[PointsEntry], meta: Meta, occurred_at: datetime) -> None:
        """Appends entries."""
        self.tx.append(self._stream, entries, after=self._version, meta=meta, occurred_at=occurred_at)
        self._version += len(entries)
