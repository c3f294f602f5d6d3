"""Traceability on one page: what it is asked, what it keeps, what it publishes."""

from fenxiao.api.traceability.v1 import traceability_pb2
from libs.eventlog import EventTypes
from libs.servicekit import Command, Query, Service
from services.traceability import published
from services.traceability.domain import events
from services.traceability.features.capture import capture
from services.traceability.features.get_path import get_path
from services.traceability.features.get_trace_event import get_trace_event
from services.traceability.views import trace_events

COMMANDS = {
    "Capture": Command(capture, scope="trace.write"),
}

QUERIES = {
    "GetTraceEvent": Query(get_trace_event, scope="trace.read"),
    "GetPath": Query(get_path, scope="trace.read"),
}

VIEWS = [trace_events.VIEW]

PUBLISHES = {
    events.TraceEventCaptured: published.trace_event_captured,
}

SERVICE = Service(
    name="traceability",
    api=traceability_pb2.DESCRIPTOR.services_by_name["TraceabilityService"],
    events=EventTypes(events.EVENTS),
    commands=COMMANDS,
    queries=QUERIES,
    views=VIEWS,
    publishes=PUBLISHES,
)
