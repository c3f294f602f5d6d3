"""The event store: the system of record of a service.

Events of a service are appended to one table by the recorders of the library `eventsourcing`. Everything that
writes runs as a function inside a transaction that concurrent callers share (`EventLog.write`), so a use case
loads, decides and saves against the state that is current at that moment, and nothing conflicts.
"""

from libs.eventlog.events import EventTypes, Meta, Recorded, Upcaster
from libs.eventlog.log import EventLog
from libs.eventlog.reader import Conflict, Reader, Row
from libs.eventlog.transaction import Guard, Tx
from libs.eventlog.views import View

__all__ = ["Conflict", "EventLog", "EventTypes", "Guard", "Meta", "Reader", "Recorded", "Row", "Tx", "Upcaster", "View"]
