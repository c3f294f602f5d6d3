"""The files of a network's home that a client reads: where the services are, and with which credential to call them."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fenxiao.errors import Kind, Refusal


@dataclass(frozen=True, slots=True)
class Network:
    """What a network says about itself."""

    services: Mapping[str, str]
    """Address (`host:port`) by service."""
    web: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where services answer HTTP: URL by service."""
    rpc_url: str = ""
    """Of the chain."""
    chain_id: int = 0
    vault: str = ""
    vault_block: int = 0
    """In which the vault was made: it has logged nothing before."""
    token: str = ""
    token_decimals: int = 0


def find_home(path: Path | None = None) -> Path:
    """Give the home that is meant: the one named, $FENXIAO_HOME, or `.fenxiao` in the working directory."""
    return (path or Path(os.environ.get("FENXIAO_HOME") or ".fenxiao")).expanduser().absolute()


def read_network(home: Path) -> Network:
    """Read `network/network.json`."""
    file = home / "network" / "network.json"
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return Network(
            services={str(name): str(address) for name, address in content["services"].items()},
            web={str(name): str(url) for name, url in content.get("web", {}).items()},
            rpc_url=str(content.get("rpc_url", "")),
            chain_id=int(content.get("chain_id", 0)),
            vault=str(content.get("vault", "")),
            vault_block=int(content.get("vault_block", 0)),
            token=str(content.get("token", "")),
            token_decimals=int(content.get("token_decimals", 0)),
        )
    except FileNotFoundError:
        message = f"No network was ever started in {home}; run `fenxiao up`, or name its directory with --home."
        raise Refusal("NO_NETWORK", message, kind=Kind.UNAVAILABLE) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Refusal("INVALID_NETWORK_FILE", f"{file} is damaged; start the network again.") from None


def read_credential(home: Path) -> str:
    """Give the credential from $FENXIAO_TOKEN, else from the home's file `token`."""
    if token := os.environ.get("FENXIAO_TOKEN", "").strip():
        return token
    try:
        return (home / "token").read_text(encoding="utf-8").strip()
    except OSError:
        message = f"There is no credential: set FENXIAO_TOKEN, or start the network in {home}, which makes one."
        raise Refusal("NO_CREDENTIAL", message, kind=Kind.DENIED) from None


def consistency_file(home: Path) -> Path:
    """Give the file that carries consistency from one run to the next. It goes when the network's data goes."""
    return home / "network" / "consistency.json"
