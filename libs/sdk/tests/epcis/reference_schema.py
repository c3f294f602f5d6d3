"""JSON Schema draft 7, as far as EPCIS uses it: slow, obvious, and read from the schema itself."""

import json
import re
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit

Schema = Any


def accepts(schema: Schema, value: Any) -> bool:
    """Whether a schema accepts a value."""
    return _accepts(schema, schema, value)


def _accepts(root: Schema, schema: Schema, value: Any) -> bool:
    if isinstance(schema, bool):
        return schema
    return all(_follows(root, schema, name, rule, value) for name, rule in schema.items())


def _follows(root: Schema, schema: Schema, name: str, rule: Any, value: Any) -> bool:  # noqa: PLR0912 - a case for each rule
    fields = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    items = cast("list[Any]", value) if isinstance(value, list) else []
    match name:
        case "$ref":
            return _accepts(root, root["definitions"][rule.rsplit("/", 1)[1]], value)
        case "type":
            return _is_of(rule, value)
        case "enum":
            return value in rule
        case "format":
            return not isinstance(value, str) or (_is_uri(value) if rule == "uri" else _is_date_time(value))
        case "pattern":
            return not isinstance(value, str) or bool(re.search(rule.replace("$", r"\Z"), value))
        case "required":
            return not isinstance(value, dict) or all(one in value for one in rule)
        case "properties":
            return all(_accepts(root, inner, fields[one]) for one, inner in rule.items() if one in fields)
        case "additionalProperties":
            known = schema.get("properties", {})
            return all(_accepts(root, rule, item) for one, item in fields.items() if one not in known)
        case "propertyNames":
            return all(_accepts(root, rule, one) for one in fields)
        case "items":
            return all(_accepts(root, rule, item) for item in items)
        case "minItems":
            return not isinstance(value, list) or len(items) >= rule
        case "uniqueItems":
            return not rule or len({_key(item) for item in items}) == len(items)
        case "allOf":
            return all(_accepts(root, inner, value) for inner in rule)
        case "anyOf":
            return any(_accepts(root, inner, value) for inner in rule)
        case "oneOf":
            return sum(_accepts(root, inner, value) for inner in rule) == 1
        case "not":
            return not _accepts(root, rule, value)
        case "if":
            return not _accepts(root, rule, value) or _accepts(root, schema["then"], value)
        case "then" | "definitions" | "$id" | "$schema":
            return True
        case _:
            raise NotImplementedError(name)


def _is_of(kind: str, value: Any) -> bool:
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, {"object": dict, "array": list, "string": str, "boolean": bool}[kind])


def _is_uri(text: str) -> bool:
    if not re.fullmatch(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+", text) or text.count("#") > 1:
        return False
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.\-]*", text.partition(":")[0]) or ":" not in text:
        return False
    if "[" in text or "]" in text:
        try:
            parts = urlsplit(text)
            return parts.hostname is not None and not set("[]") & set(parts.path + parts.query + parts.fragment)
        except ValueError:
            return False
    try:
        parts = urlsplit(text)
        return parts.netloc.count("@") < 2 and (parts.port or 0) >= 0
    except ValueError:  # a port may be any number, says RFC 3986
        return bool(re.search(r":[0-9]+(?:[/?#]|$)", text))


def _is_date_time(text: str) -> bool:
    found = re.fullmatch(
        r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:)([0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})", text
    )
    if not found:
        return False
    day, minute, second, _, offset = found.groups()
    leap = second == "60"
    try:
        moment = datetime.fromisoformat(f"{day}T{minute}{'59' if leap else second}{offset.upper()}").utctimetuple()
    except (ValueError, OverflowError):
        return False
    return not leap or (moment.tm_hour, moment.tm_min) == (23, 59)


def _key(value: Any) -> Any:
    if isinstance(value, dict):
        return ("object", json.dumps(value, sort_keys=True))
    if isinstance(value, list):
        return ("array", json.dumps(value, sort_keys=True))
    return ("boolean", value) if isinstance(value, bool) else value
