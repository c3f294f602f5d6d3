"""What is made of a request before its transaction."""

import threading
from dataclasses import replace
from pathlib import Path

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from libs.eventlog import Reader, Tx
from libs.servicekit import Call, Command
from libs.servicekit.testing import Harness
from libs.servicekit.tests.test_server import SERVICE


async def test_it_knows_what_was_read_before_and_runs_beside_the_writer(tmp_path: Path) -> None:
    threads: list[str] = []

    def before(reader: Reader, request: pb.CaptureRequest, call: Call) -> int:
        row = reader.one("SELECT 6 * 7")
        assert row is not None
        return int(row[0]) + len(request.document) + len(call.actor)

    def prepare(request: pb.CaptureRequest, known: int) -> tuple[pb.CaptureRequest, int]:
        threads.append(threading.current_thread().name)
        return request, known

    def capture(_: Tx, prepared: tuple[pb.CaptureRequest, int], __: Call) -> pb.CaptureResponse:
        threads.append(threading.current_thread().name)
        return pb.CaptureResponse(repeated_count=prepared[1])

    entry = Command(capture, scope="trace.write", prepare=prepare, before=before)
    async with Harness(replace(SERVICE, commands={"Capture": entry}), tmp_path) as service:
        request = pb.CaptureRequest(parent="programmes/shop", document=b"..")
        assert (await service.command("Capture", request, actor="ann")).repeated_count == 42 + 2 + 3
    assert len({*threads}) == 2
