"""Traced goods in the stable JSON of the command line (docs/cli.md)."""

import json
from decimal import Decimal
from typing import Any

from fenxiao.api.traceability.v1 import captures_pb2, goods_pb2, links_pb2, rules_pb2, traceability_pb2
from fenxiao.cli.session import id_of, time_text


def capture(message: captures_pb2.DocumentCapture) -> dict[str, Any]:
    """Give what became of a document."""
    finished = message.HasField("finish_time")
    return {
        "capture": id_of(message.name),
        "state": "finished" if finished else "under_way",
        "started_at": time_text(message.create_time),
        "finished_at": time_text(message.finish_time) if finished else None,
        "behaviour": _word(captures_pb2.CaptureBehaviour, message.behaviour, "CAPTURE_BEHAVIOUR_"),
        "success": message.success,
        "captured": message.captured_count,
        "repeated": message.repeated_count,
        "refused": message.refused_count,
        "master_data": message.master_data_count,
        "problems": [
            {"event": one.event, "path": one.path, "rule": one.rule, "message": one.message} for one in message.problems
        ],
    }


def event(message: traceability_pb2.TraceEvent) -> dict[str, Any]:
    """Give an event. Its numbers are exact decimals: `fenxiao.epcis.strict_json.to_text` writes them as they were."""
    return {
        "trace_event": id_of(message.name),
        "event_id": message.event_id,
        "type": message.type,
        "event_time": time_text(message.event_time),
        "action": message.action,
        "biz_step": message.biz_step,
        "disposition": message.disposition,
        "read_point": message.read_point,
        "biz_location": message.biz_location,
        "items": list(message.epcs),
        "context": exact_json(message.context),
        "document": exact_json(message.document),
    }


def exact_json(text: str | bytes) -> Any:
    """Read JSON without rounding its numbers; None for nothing."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal) if text else None


def node(message: goods_pb2.TraceNode) -> dict[str, Any]:
    """Give something of a genealogy."""
    return {
        "item": message.epc,
        "kind": _word(goods_pb2.NodeKind, message.kind, "NODE_KIND_"),
        "layer": message.layer,
        "row": message.row,
        "depth": message.depth,
        "start": message.start,
        "carried": message.carried,
        "first_at": time_text(message.first_time) if message.HasField("first_time") else None,
        "last_at": time_text(message.last_time) if message.HasField("last_time") else None,
        "quantities": list(message.quantities),
    }


def link(message: goods_pb2.TraceLink) -> dict[str, Any]:
    """Give how two things of a genealogy hang together; `source` and `target` are the numbers of nodes."""
    return {
        "source": message.source,
        "target": message.target,
        "kind": link_kind(message.kind),
        "begins_at": time_text(message.begin_time),
        "ends_at": time_text(message.end_time) if message.HasField("end_time") else None,
        "trace_event": id_of(message.trace_event),
        "ring": message.ring,
    }


def link_kind(kind: goods_pb2.LinkKind.ValueType) -> str:
    """Give the word for a kind of link."""
    return _word(goods_pb2.LinkKind, kind, "LINK_KIND_")


def traced_event(message: goods_pb2.TracedEvent) -> dict[str, Any]:
    """Give an event of a genealogy."""
    return {
        "trace_event": id_of(message.trace_event),
        "event_hash": message.event_hash,
        "type": message.type,
        "event_time": time_text(message.event_time),
        "biz_step": message.biz_step,
        "document": exact_json(message.document),
    }


def whereabouts(message: goods_pb2.Whereabouts) -> dict[str, Any]:
    """Give where something is."""
    return {
        "place": message.place,
        "in_transit": message.in_transit,
        "towards": message.towards,
        "since": time_text(message.since) if message.HasField("since") else None,
        "holder": message.holder,
        "owner": message.owner,
        "disposition": message.disposition,
        "persistent_dispositions": list(message.persistent_dispositions),
        "active": message.active,
        "containers": list(message.containers),
        "containers_contradict": message.containers_contradict,
        "quantity": message.quantity,
        "uom": message.uom,
        "trace_events": [id_of(one) for one in message.trace_events],
    }


def inventory_line(message: goods_pb2.InventoryLine) -> dict[str, Any]:
    """Give what somebody has of a product somewhere."""
    return {
        "holder": message.holder,
        "product": message.product,
        "place": message.place,
        "in_transit": message.in_transit,
        "objects": message.object_count,
        "lots": message.lot_count,
        "quantity": message.quantity,
        "uom": message.uom,
    }


def rule(message: rules_pb2.TraceRule) -> dict[str, Any]:
    """Give a rule."""
    return {
        "rule": id_of(message.name),
        "version": message.version,
        "kind": message.kind,
        "severity": message.severity,
        "set_at": time_text(message.set_time),
        "document": json.loads(message.document),
    }


def alert(message: rules_pb2.Alert) -> dict[str, Any]:
    """Give an alert."""
    return {
        "alert": id_of(message.name),
        "rule": id_of(message.rule),
        "rule_version": message.rule_version,
        "kind": message.kind,
        "severity": message.severity,
        "state": _word(rules_pb2.AlertState, message.state, "ALERT_STATE_"),
        "items": list(message.items),
        "event_hashes": list(message.event_hashes),
        "alert_at": time_text(message.alert_time),
        "found": message.message_en,
        "found_zh": message.message_zh,
    }


def link_set(message: links_pb2.LinkSet) -> dict[str, Any]:
    """Give the links of an identifier."""
    return {
        "item": message.identifier,
        "links": [
            {
                "link_type": one.link_type,
                "target": one.target,
                "title_en": one.title_en,
                "title_zh": one.title_zh,
                "language": one.language,
                "media_type": one.media_type,
                "is_default": one.is_default,
            }
            for one in message.links
        ],
    }


def place(message: links_pb2.PublicPlace) -> dict[str, Any]:
    """Give what everybody may know of a place."""
    return {
        "place": message.identifier,
        "name_en": message.name_en,
        "name_zh": message.name_zh,
        "country": message.country,
        "latitude": message.latitude,
        "longitude": message.longitude,
    }


def product(message: links_pb2.PublicProduct) -> dict[str, Any]:
    """Give what everybody may know of a product."""
    return {
        "item": message.identifier,
        "name_en": message.name_en,
        "name_zh": message.name_zh,
        "text_en": message.text_en,
        "text_zh": message.text_zh,
    }


def _word(enum: Any, value: int, prefix: str) -> str:
    return str(enum.Name(value)).removeprefix(prefix).lower()
