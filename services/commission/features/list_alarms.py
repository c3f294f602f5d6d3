"""Lists alarms."""

import re
from datetime import datetime

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Refusal
from fenxiao.plans.rules import Finding
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.commission.api.messages import first_day, text_message
from services.commission.api.names import PERIOD, id_in, member_name, period_name
from services.commission.domain.alarms import recorded_as
from services.commission.domain.events import Alarm
from services.commission.domain.sales import Programme
from services.commission.features.get_period import sealed_on, unknown_period
from services.commission.views.alarms import AlarmRow, alarm_rows
from services.commission.views.programmes import programme_of

_KEY = re.compile(r"[0-9]{1,18}")


def list_alarms(reader: Reader, request: pb.ListAlarmsRequest, call: Call) -> pb.ListAlarmsResponse:
    """Alarms in the order in which they were raised."""
    programme = programme_of(reader, call.programme)
    wanted = page(request.page_size, request.page_token)
    if wanted.after and not _KEY.fullmatch(wanted.after):
        message = "page_token is not one that this method gave out; begin without one."
        raise Refusal("INVALID_PAGE_TOKEN", message, field="page_token")

    def start_of(name: str, field: str) -> datetime | None:
        if not name:
            return None
        day = id_in(PERIOD, call.programme, name, field)
        found = sealed_on(reader, call.programme, programme, day, field)
        if found is None:
            raise unknown_period(day)
        return found.sealed.start

    rows = alarm_rows(
        reader,
        call.programme,
        period=start_of(request.period, "period"),
        raised_by=start_of(request.raised_by, "raised_by"),
        cleared={pb.ALARM_STATE_OPEN: False, pb.ALARM_STATE_CLEARED: True}.get(request.state),
        after=int(wanted.after or 0),
        limit=wanted.size + 1,
    )
    shown = rows[: wanted.size]
    return pb.ListAlarmsResponse(
        alarms=[_message(call.programme, programme, row) for row in shown],
        next_page_token=wanted.token(str(shown[-1].number)) if len(rows) > len(shown) else "",
    )


def finding_message(programme_id: str, programme: Programme, period: datetime, finding: Finding) -> pb.Alarm:
    """What the close of a period would raise."""
    found = _alarm(programme_id, recorded_as(finding, ""))
    found.period = period_name(programme_id, first_day(period, programme.zone))
    found.state = pb.ALARM_STATE_OPEN
    return found


def _message(programme_id: str, programme: Programme, row: AlarmRow) -> pb.Alarm:
    def name(start: datetime) -> str:
        return period_name(programme_id, first_day(start, programme.zone))

    found = _alarm(programme_id, row.alarm)
    found.name = f"programmes/{programme_id}/alarms/{row.alarm.id}"
    found.period, found.raised_by = name(row.period), name(row.raised_by)
    found.cleared_by = name(row.cleared_by) if row.cleared_by else ""
    found.state = pb.ALARM_STATE_CLEARED if row.cleared_by else pb.ALARM_STATE_OPEN
    return found


def _alarm(programme_id: str, alarm: Alarm) -> pb.Alarm:
    return pb.Alarm(
        rule=alarm.rule,
        severity=alarm.severity,
        member=member_name(programme_id, alarm.member) if alarm.member else "",
        found=text_message(alarm.found),
        law=text_message(alarm.law),
        satisfied_by=text_message(alarm.satisfied_by),
        source=text_message(alarm.source),
    )
