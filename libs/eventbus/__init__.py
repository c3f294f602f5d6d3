"""The event bus: carries public events from a service's store over JetStream into other services' databases.

The store is the record and JetStream only carries: a lost stream is filled again from the store, and a consumer's
own database knows how far it has come.
"""

from libs.eventbus.connection import Connection
from libs.eventbus.consumer import Consumer, Handler
from libs.eventbus.envelope import Outgoing, Place, Publisher, message_class, public_events
from libs.eventbus.inbox import TABLES, Parked
from libs.eventbus.limit import MESSAGE_LIMIT, limit
from libs.eventbus.received import Received
from libs.eventbus.relay import Relay
from libs.eventbus.stream import replay
from libs.eventbus.subjects import inbox_prefix, parse, permissions, stream_name, subject

__all__ = [
    "MESSAGE_LIMIT",
    "TABLES",
    "Connection",
    "Consumer",
    "Handler",
    "Outgoing",
    "Parked",
    "Place",
    "Publisher",
    "Received",
    "Relay",
    "inbox_prefix",
    "limit",
    "message_class",
    "parse",
    "permissions",
    "public_events",
    "replay",
    "stream_name",
    "subject",
]
