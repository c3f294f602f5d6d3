"""The services of the network, and the environment in which each is started: all the configuration it has."""

import os
from dataclasses import dataclass
from pathlib import Path

from libs.localnet import keys
from libs.localnet.home import Home

CHAIN_BRIDGE = "chain_bridge"
SERVICES = ("membership", "traceability", "commission", "settlement", CHAIN_BRIDGE)

KEY_HOLDERS = ("membership", "traceability", "commission")
"""Those that take in what people say of themselves, or others' secrets; each has a key store of its own."""

WEB = {"traceability": "traceability_web"}
"""Services that answer HTTP too, and the name of that address."""


@dataclass(frozen=True)
class Surroundings:
    """What a service needs to know about the rest of the network."""

    nats_url: str
    rpc_url: str
    vault: str = ""
    vault_block: int = 0


def environment(home: Home, service: str, address: str, around: Surroundings, *, web: str = "") -> dict[str, str]:
    """Return the whole environment of a service's process; `web` is where it answers HTTP."""
    own = {
        "FENXIAO_SERVICE_ADDRESS": address,
        "FENXIAO_DATABASE_URL": _sqlite(home.database(service)),
        "FENXIAO_NATS_URL": around.nats_url,
        "FENXIAO_NATS_NKEY_SEED_FILE": str(home.nkey_seed(service)),
        "FENXIAO_JWKS_FILE": str(home.jwks),
        "FENXIAO_ENVIRONMENT": "development",
        "PYTHONUNBUFFERED": "1",  # a log that ends before the crash explains nothing
    }
    if web:
        own["FENXIAO_WEB_ADDRESS"] = web
    if service in KEY_HOLDERS:
        own["FENXIAO_MASTER_KEY_FILE"] = str(keys.master_key(home))
        own["FENXIAO_KEY_DATABASE_URL"] = _sqlite(home.database(f"{service}.keys"))
    if service == CHAIN_BRIDGE:
        own["FENXIAO_RPC_URL"] = around.rpc_url
        own["FENXIAO_VAULT_ADDRESS"] = around.vault
        own["FENXIAO_VAULT_BLOCK"] = str(around.vault_block)
        own["FENXIAO_KEYSTORE_FILE"] = str(keys.keystore(home))
        own["FENXIAO_KEYSTORE_PASSWORD_FILE"] = str(keys.keystore_password(home))
        own["FENXIAO_LOG_KEY_FILE"] = str(keys.log_key(home))
        own["FENXIAO_LOG_ORIGIN"] = keys.log_origin(home)
        own["FENXIAO_CHECKPOINT_SECONDS"] = "1"
    # Whatever the shell says about Fenxiao is for its user's commands, not for the services.
    return {name: value for name, value in os.environ.items() if not name.startswith("FENXIAO_")} | own


def _sqlite(path: Path) -> str:
    return f"sqlite:///{path}"
