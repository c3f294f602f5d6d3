"""The ledger of a programme and currency, open for an entry: one stream, in the writer's transaction."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from pydantic import BaseModel

from libs.eventlog import Meta, Tx
from services.settlement.domain.deliveries import decide_hold_again
from services.settlement.domain.events import LedgerEntry
from services.settlement.domain.holding import HeldLine, Standing, decide_release
from services.settlement.views.balances import balances_of, debts_of, ledger_of
from services.settlement.views.lines import due_lines, held_of, ripe_of

_NAMES: Final = uuid.UUID("5c6f2d0e-8a2b-5f0e-9f5c-4d1f0a6b7e21")


@lru_cache(maxsize=4096)
def stream(programme: str, *parts: str) -> uuid.UUID:
    """The stream of one thing in a programme, named by the kind of thing and what tells it from others of its kind."""
    return uuid.uuid5(_NAMES, "/".join((programme, *parts)))


def record(tx: Tx, to: uuid.UUID, event: BaseModel, version: int, meta: Meta, occurred_at: datetime) -> None:
    """Appends one fact behind the version that the caller has seen."""
    tx.append(to, [event], after=version, meta=meta, occurred_at=occurred_at)


class Ledger:
    """A ledger, read as it stands in this transaction."""

    def __init__(self, tx: Tx, programme: str, currency: str) -> None:
        self.tx = tx
        self.programme = programme
        self.currency = currency
        self._stream = stream(programme, "ledger", currency)
        self._version, self.thresholds = ledger_of(tx, programme, currency)

    def standing(self, member: str, taken: int) -> Standing:
        """A member's standing, with as many held lines as hold `taken` together."""
        balances = balances_of(self.tx, self.programme, self.currency, member).balances
        need = min(taken, balances.held)
        return Standing(
            payable=balances.payable,
            debt=balances.debt,
            held=held_of(self.tx, self.programme, self.currency, member, need),
        )

    def enter(self, entries: Sequence[LedgerEntry], meta: Meta, occurred_at: datetime) -> None:
        """Appends entries."""
        self.tx.append(self._stream, entries, after=self._version, meta=meta, occurred_at=occurred_at)
        self._version += len(entries)

    def release(
        self, time: datetime, meta: Meta, occurred_at: datetime, members: Collection[str] | None = None
    ) -> None:
        """Releases what is due at the programme's time: all of it, or that of some members."""
        tx, programme, currency = self.tx, self.programme, self.currency
        due: list[HeldLine] = []
        if members is None and not self.thresholds:
            due = due_lines(tx, programme, currency, time)
        elif ripe := ripe_of(tx, programme, currency, time, members):
            reached = {member: one.reached for member, one in ripe.items() if one.due}
            due = due_lines(tx, programme, currency, time, reached)
        if due:
            debts = debts_of(tx, programme, currency, members)
            self.enter(list(decide_release(currency, time, due, debts)), meta, occurred_at)

    def hold_again(self, time: datetime, freed: Sequence[HeldLine], meta: Meta, occurred_at: datetime) -> None:
        """Undoes the release of lines whose delivery is withdrawn."""
        members = {line.member for line in freed}
        balances = {one: balances_of(self.tx, self.programme, self.currency, one).balances for one in members}
        self.enter([decide_hold_again(self.currency, time, freed, balances)], meta, occurred_at)
