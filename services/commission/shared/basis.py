"""What reports of sales and returns are decided on: read for many of them at once, whoever has sent them."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Tx
from services.commission.api.reports import report_of
from services.commission.domain.events import Report
from services.commission.domain.plans import Published, Version
from services.commission.domain.sales import Programme, Returned, Sale, fold
from services.commission.views import members, plans
from services.commission.views.programmes import find_programme
from services.commission.views.returned import returned_among
from services.commission.views.sales import SaleRow, sales_among

Reports = Sequence[Report | Refusal]
"""As they were read; what is none is refused when its turn comes."""


class Originals(NamedTuple):
    """Sales that returns name, as they stood in the store before anything of these reports was recorded."""

    sales: Mapping[str, Sale]
    """By UUID."""
    returned: dict[str, Returned]
    """What had come back of each of them; without those of which something is recorded now."""


class Basis(NamedTuple):
    """What is known of a programme, as far as some reports need it."""

    programme: Programme | None
    joined: Mapping[str, datetime]
    versions: Sequence[Published]
    uplines: Mapping[tuple[str, datetime], Sequence[str]]
    """By who is credited and when, this one first."""
    members_cut: str
    """As of which membership is known."""
    recorded: dict[str, SaleRow]
    """By the merchant's number. Whoever records another one puts it here."""
    originals: Originals

    def apart(self) -> "Basis":
        """One of its own for somebody who takes back all that he records."""
        originals = self.originals._replace(returned=dict(self.originals.returned))
        return self._replace(recorded=dict(self.recorded), originals=originals)


def version_at(tx: Tx, programme: str, versions: Sequence[Published], at: datetime) -> Version | None:
    """The version that rates what happens at a moment; None before the first."""
    behind = bisect_right(versions, at, key=lambda version: version.effective_from)
    return plans.version_of(tx, programme, versions[behind - 1].hash) if behind else None


def read_basis(tx: Tx, asked: Sequence[tuple[str, Iterable[pb.Sale]]]) -> list[tuple[Reports, Basis]]:
    """What each is to be decided on that has told something of a programme. Those of one programme share it."""
    told = [(programme, [_read(programme, sale) for sale in sales]) for programme, sales in asked]
    by_programme: dict[str, list[Report]] = {}
    for programme, reports in told:
        by_programme.setdefault(programme, []).extend(one for one in reports if isinstance(one, Report))
    bases = {programme: _basis(tx, programme, reports) for programme, reports in by_programme.items()}
    return [(reports, bases[programme]) for programme, reports in told]


def _read(programme: str, sale: pb.Sale) -> Report | Refusal:
    try:
        return report_of(programme, sale)
    except Refusal as refusal:
        return refusal


def _basis(tx: Tx, programme: str, reports: Sequence[Report]) -> Basis:
    named = {report.original_reference for report in reports if report.original_reference}
    recorded = sales_among(tx, programme, {report.reference for report in reports} | named)
    versions = plans.published(tx, programme)
    in_force = (version_at(tx, programme, versions, report.occurred_at) for report in reports)
    depth = max((version.plan.depth for version in in_force if version), default=0)
    starts = {(report.member, report.occurred_at) for report in reports if not report.original_reference}
    return Basis(
        programme=find_programme(tx, programme),
        joined=members.joined_among(tx, programme, {report.member for report in reports}),
        versions=versions,
        uplines=members.uplines(tx, programme, starts, depth),
        members_cut=members.cut(tx),
        recorded=recorded,
        originals=_originals(tx, [recorded[reference].id for reference in named if reference in recorded]),
    )


def _originals(tx: Tx, sales: Sequence[str]) -> Originals:
    streams = tx.load_all([UUID(sale) for sale in sales])
    returned = returned_among(tx, sales)
    return Originals(
        {str(stream): fold(one.event for one in events) for stream, events in streams.items()},
        {sale: returned.get(sale, Returned()) for sale in sales},
    )
