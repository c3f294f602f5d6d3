"""Services made for a test, behind real gRPC, and a home whose network file names them."""

import json
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import grpc
import pytest

from fenxiao.api.commission.v1 import commission_pb2_grpc
from fenxiao.api.membership.v1 import membership_pb2_grpc
from fenxiao.api.settlement.v1 import settlement_pb2_grpc
from fenxiao.api.traceability.v1 import traceability_pb2_grpc
from fenxiao.cli import texts

_ADD: Final[dict[str, Any]] = {
    "membership": membership_pb2_grpc.add_MembershipServiceServicer_to_server,
    "commission": commission_pb2_grpc.add_CommissionServiceServicer_to_server,
    "settlement": settlement_pb2_grpc.add_SettlementServiceServicer_to_server,
    "traceability": traceability_pb2_grpc.add_TraceabilityServiceServicer_to_server,
}


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch, folder: Path, **servicers: Any) -> Generator[None]:
    """Serve by the services' names; commands that run meanwhile find them, whatever the shell says. In English."""
    server = grpc.server(ThreadPoolExecutor(2))
    for name, servicer in servicers.items():
        _ADD[name](servicer, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    (folder / "network").mkdir()
    (folder / "network" / "network.json").write_text(json.dumps({"services": dict.fromkeys(servicers, address)}))
    (folder / "token").write_text("credential\n")
    for name in ("FENXIAO_PROGRAMME", "FENXIAO_TOKEN", "FENXIAO_LANG", "FENXIAO_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FENXIAO_HOME", str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(folder)
    texts.use("en")
    yield
    texts.use("en")
    server.stop(None)
