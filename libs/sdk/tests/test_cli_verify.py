"""`fenxiao verify` against a scripted node: from which block it reads, and what it says when that is too late."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fenxiao.api.events.v1 import events_pb2
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.cli import app, texts
from fenxiao.proofs.hashes import checksum_address, keccak256, programme_key, to_hex
from fenxiao.verify import write_export

VAULT, TOKEN, OTHER = (checksum_address(bytes([n]) * 20) for n in (1, 2, 3))
MADE, FUNDED, FINAL = 700, 900, 2_500
"""Blocks: the vault is made, money comes in, the newest final one."""


def topic(signature: bytes) -> str:
    return to_hex(keccak256(signature))


class Node:
    """A chain on which money was put into a vault twice, and some of it taken out again."""

    def __init__(self) -> None:
        self.asked_from: list[int] = []
        put_in = topic(b"Funded(bytes32,address,address,uint256)")
        taken_out = topic(b"SurplusWithdrawn(bytes32,address,address,uint256)")
        self.logs = [(FUNDED, put_in, 50), (FUNDED + 1_100, put_in, 70), (FINAL, taken_out, 20)]

    def answer(self, method: str, parameters: list[Any]) -> Any:
        match method:
            case "eth_chainId":
                return "0x1"
            case "eth_getBlockByNumber":
                return {"number": hex(FINAL)}
            case "eth_call":
                paid_out = keccak256(b"paidOut(bytes32,address)")[:4].hex()
                return f"0x{0 if parameters[0]['data'][2:10] == paid_out else 100:064x}"
            case _:
                return self._find(parameters[0])

    def _find(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        self.asked_from.append(first)
        names, programme, *_ = query["topics"]
        if query["address"] != VAULT or programme != to_hex(programme_key("gifts")):
            return []
        return [
            {"topics": [name], "data": hex(units)}
            for block, name, units in self.logs
            if first <= block <= last and name in names
        ]


@pytest.fixture
def node() -> Iterator[tuple[Node, str]]:
    made = Node()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            calls = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answers = [{"id": call["id"], "result": made.answer(call["method"], call["params"])} for call in calls]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answers).encode())

        def log_message(self, *arguments: Any, **named: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("FENXIAO_HOME", raising=False)
    event = events_pb2.Event(id="1", source="settlement", programme="gifts", position="store:1:0")
    event.data.Pack(settlement.AssetRegistered(currency="GBP", token=TOKEN, token_decimals=2))
    write_export(tmp_path / "export", "gifts", {"settlement": [event]}, [])
    return tmp_path / "export"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = app.run(["verify", "--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("block", [0, MADE, FUNDED])
def test_logs_are_read_from_the_block_that_is_named(
    node: tuple[Node, str], data: Path, block: int, capsys: pytest.CaptureFixture[str]
) -> None:
    chain, rpc = node
    stranger = ["--data", str(data), "--rpc", rpc, "--vault", VAULT]
    code, report = run(capsys, *stranger, *(["--from-block", str(block)] if block else []))
    assert (code, report["passed"], report["from_block"], min(chain.asked_from)) == (0, True, block, block)


@pytest.mark.parametrize("block", [FUNDED + 1, FINAL, FINAL + 10_000])
def test_a_block_that_is_too_late_is_no_silent_success(
    node: tuple[Node, str], data: Path, block: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing of this programme is wrong: what was proposed and paid before the block would be missed, that is all."""
    _, rpc = node
    code, report = run(capsys, "--data", str(data), "--rpc", rpc, "--vault", VAULT, "--from-block", str(block))
    assert (code, report["passed"], report["from_block"]) == (1, False, block)
    (wrong,) = [check for check in report["checks"] if check["failed"]]
    assert wrong["name"] == "funds"
    assert f"from block {block} on" in wrong["details"][0]
    assert "--from-block" in wrong["details"][0]
    assert any("not all of the vault's logs" in what for what in report["not_checked"])


def test_a_node_that_keeps_logs_to_itself_is_found(
    node: tuple[Node, str], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain, rpc = node
    del chain.logs[1]
    code, report = run(capsys, "--data", str(data), "--rpc", rpc, "--vault", VAULT)
    (wrong,) = [check for check in report["checks"] if check["failed"]]
    assert (code, wrong["name"]) == (1, "funds")
    assert "ask another" in wrong["details"][0]


@pytest.mark.parametrize(
    ("arguments", "block"),
    [([], MADE), (["--from-block", "5"], 5), (["--vault", VAULT], MADE), (["--vault", OTHER], 0)],
)
def test_the_networks_own_file_says_when_its_vault_was_made(
    node: tuple[Node, str],
    data: Path,
    arguments: list[str],
    block: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def exported(session: Any, folder: Path | None) -> Path:
        return data

    monkeypatch.setattr("fenxiao.cli.commands.verify._export", exported)
    chain, rpc = node
    chain.logs[0] = (MADE, *chain.logs[0][1:])
    content: dict[str, Any] = {"services": {}, "rpc_url": rpc, "vault": VAULT, "vault_block": MADE, "token": TOKEN}
    (data.parent / "network").mkdir()
    (data.parent / "network" / "network.json").write_text(json.dumps(content))
    _, report = run(capsys, "--home", str(data.parent), *arguments)
    assert (report["from_block"], min(chain.asked_from)) == (block, block)


def test_without_the_chain_there_is_no_block(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, report = run(capsys, "--data", str(data), "--offline")
    assert report["from_block"] is None


def test_people_read_the_block_in_their_language(
    node: tuple[Node, str], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, rpc = node
    arguments = ["verify", "--data", str(data), "--rpc", rpc, "--vault", VAULT, "--from-block", "901", "--lang", "zh"]
    try:
        assert app.run(arguments) == 1
    finally:
        texts.use("en")
    out, err = capsys.readouterr()
    assert "日志起始区块" in out
    assert "未读到金库的全部日志" in err


def test_a_negative_block_is_misuse(data: Path) -> None:
    assert app.run(["verify", "--data", str(data), "--offline", "--from-block", "-1"]) == 2
