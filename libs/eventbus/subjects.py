"""Names on the bus: subjects, streams, and what the credential of a service may touch."""

import re
from functools import lru_cache
from typing import NamedTuple

_PACKAGE = re.compile(r"fenxiao\.api\.([a-z][a-z0-9_]*)\.v([1-9][0-9]*)")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Subject(NamedTuple):
    """A subject taken apart."""

    service: str
    event: str
    version: int
    programme: str
    key: str


def token(text: str) -> str:
    """The text itself, if it can stand as one token of a subject. ValueError if not."""
    if not _TOKEN.fullmatch(text):
        raise ValueError(f"not a subject token: {text!r}")
    return text


@lru_cache(maxsize=1024)
def _head(message_type: str) -> str:
    package, _, name = message_type.rpartition(".")
    found = _PACKAGE.fullmatch(package)
    if not found:
        raise ValueError(f"not a public event: {message_type}")
    service, version = found.groups()
    return f"fx.{service}.{token(_WORD_START.sub('_', name).lower())}.v{version}"


def subject(message_type: str, programme: str, key: str) -> str:
    """`fx.<service>.<event>.v<N>.<programme>.<key>` for a protobuf full type name; `key` names the aggregate."""
    return f"{_head(message_type)}.{token(programme)}.{token(key)}"


def parse(text: str) -> Subject:
    """The opposite of `subject`."""
    parts = text.split(".")
    if len(parts) != 6 or parts[0] != "fx" or not re.fullmatch(r"v[1-9][0-9]*", parts[3]):
        raise ValueError(f"not a subject of this network: {text!r}")
    _, service, event, version, programme, key = parts
    return Subject(token(service), token(event), int(version[1:]), token(programme), token(key))


def service_of(message_type: str) -> str:
    """The service whose public event this is."""
    return _head(message_type).split(".")[1]


def all_of(service: str) -> str:
    """The subjects of a service."""
    return f"fx.{token(service)}.>"


def stream_name(service: str) -> str:
    """The stream that carries a service's events."""
    return f"FX_{token(service).upper()}"


def inbox_prefix(service: str) -> str:
    """Where answers to a service arrive: nobody else may listen there."""
    return f"_INBOX_{token(service)}"


def permissions(service: str, sources: list[str]) -> dict[str, dict[str, list[str]]]:
    """What the server must allow a service that publishes its own events and consumes those of `sources`.

    In the form of the server's configuration. Whoever connects with it sets `inbox_prefix` as well.
    """
    own = stream_name(service)
    publish = [
        all_of(service),
        *(f"$JS.API.STREAM.{verb}.{own}" for verb in ("CREATE", "UPDATE", "INFO", "MSG.GET")),
    ]
    for source in sources:
        stream = stream_name(source)
        publish += [
            f"$JS.API.STREAM.INFO.{stream}",
            f"$JS.API.DIRECT.GET.{stream}",
            *(f"$JS.API.CONSUMER.{verb}.{stream}.{service}" for verb in ("CREATE", "DELETE", "MSG.NEXT")),
            f"$JS.ACK.{stream}.{service}.>",
        ]
    return {"publish": {"allow": publish}, "subscribe": {"allow": [f"{inbox_prefix(service)}.>"]}}
