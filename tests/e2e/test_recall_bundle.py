"""A recall as a file: made on a whole network, verified without it by who knows the log's key."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fenxiao.proofs.checkpoints import key_of
from libs.localnet.network import LocalNetwork
from tests.support.command_line import CommandLine
from tests.support.waiting import until

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

WAY = "https://id.gs1.org/"
OIL, BOTTLE, CASE = "01/09521141123454/10/TANK", "01/09521141123454/21/7", "00/095211410000000014"
CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"mill": "https://mill.example.com/"},
]


def event(minute: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "eventTime": f"2025-11-08T16:{minute:02}:00+01:00",
        "eventTimeZoneOffset": "+01:00",
        "mill:margin": "nobody's business",
        **fields,
    }


DOCUMENT = {
    "@context": CONTEXT,
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2025-12-20T18:00:00Z",
    "epcisBody": {
        "eventList": [
            event(
                1,
                "TransformationEvent",
                inputQuantityList=[{"epcClass": WAY + OIL, "quantity": 5, "uom": "LTR"}],
                outputEPCList=[WAY + BOTTLE],
            ),
            event(2, "AggregationEvent", action="ADD", parentID=WAY + CASE, childEPCs=[WAY + BOTTLE]),
        ]
    },
}


async def test_a_recall_is_verified_by_a_stranger(network: LocalNetwork, tmp_path: Path) -> None:
    fenxiao = CommandLine(network.home, "bundled-oil", tmp_path)
    await fenxiao("programme", "create", "bundled-oil", "--currency", "EUR", "--start", "2025-01-01")
    await fenxiao("trace", "capture", fenxiao.file("oil.jsonld", json.dumps(DOCUMENT)))
    file = str(tmp_path / "bundle.json")

    async def all_in_log() -> Any:
        made = await fenxiao("recall", "bundle", WAY + OIL, "--out", file)
        return made if made["in_log"] == made["events"] else None

    made = await until(all_in_log, what="every event stands in the log")
    assert made["events"] >= 1

    report = await fenxiao("recall", "verify", file, "--log-key", made["log_key"])
    assert report["right"]
    assert report["in_log"] == report["events"] == made["events"]
    assert report["steps"] >= 1
    assert report["unchecked"]

    text = await asyncio.to_thread(Path(file).read_text, encoding="utf-8")
    bad = fenxiao.file("bad.json", text.replace("09521141123454/21/7", "09521141123454/21/8"))
    assert await fenxiao.refused("recall", "verify", bad, "--log-key", made["log_key"]) == "FIELDS_NOT_PROVED"
    other = key_of("log.other", Ed25519PrivateKey.generate()).text
    assert await fenxiao.refused("recall", "verify", file, "--log-key", other) == "INVALID_CHECKPOINT"
