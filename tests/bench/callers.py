"""The processes that `sale.py` measures with: merchants' callers, and the bare server that is the reference.

`python -m tests.bench.callers call` reads jobs as lines of JSON and answers each with one; `… echo ADDRESS` serves.
"""

import asyncio
import json
import random
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

import grpc.aio
import uvloop
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.commission.v1 import commission_pb2 as pb
from libs.servicekit.consistency import METADATA_KEY as TOKEN

SERVICE = pb.DESCRIPTOR.services_by_name["CommissionService"].full_name
BATCH = 500

_FIRST = 1_291_200_000  # 2010-12-01, 10:40 UTC
_MONTH = 30 * 86_400


def new_sale(members: list[str]) -> pb.Sale:
    """A sale of somebody in December 2010, large enough for lines to come of it."""
    return pb.Sale(
        reference=uuid.uuid4().hex,
        member=random.choice(members),
        kind=pb.SALE_KIND_SALE,
        occur_time=Timestamp(seconds=_FIRST + random.randrange(_MONTH)),
        amount=f"{random.randint(100, 99_999) / 100:.2f}",
        currency="GBP",
    )


class Caller:
    """Calls commission, or whoever answers in its place, with nothing around it."""

    def __init__(self, address: str, token: str, parent: str, members: list[str]) -> None:
        self._channel = grpc.aio.insecure_channel(address)
        self._metadata = (("authorization", f"Bearer {token}"),)
        self._parent = parent
        self._members = members
        self.seen = ""
        """The consistency token of the newest answer."""

    async def one(self) -> None:
        """Records a sale."""
        request = pb.RecordSaleRequest(parent=self._parent, sale=new_sale(self._members), request_id=uuid.uuid4().hex)
        await self._call("RecordSale", request, pb.Sale.FromString)

    async def batch(self) -> None:
        """Records as many as a batch takes."""
        sales = [new_sale(self._members) for _ in range(BATCH)]
        request = pb.BatchRecordSalesRequest(parent=self._parent, sales=sales)
        await self._call("BatchRecordSales", request, pb.BatchRecordSalesResponse.FromString)

    async def _call(self, method: str, request: Message, decode: Callable[[bytes], Message]) -> None:
        path = f"/{SERVICE}/{method}"
        make: Any = self._channel.unary_unary(path, type(request).SerializeToString, decode)
        call = make(request, metadata=self._metadata, timeout=60)
        await call
        for key, value in await call.trailing_metadata():
            if key == TOKEN:
                self.seen = value

    async def close(self) -> None:
        """Closes the channel."""
        await self._channel.close()


async def work(job: dict[str, Any]) -> dict[str, Any]:
    """Calls with so many callers at once: single sales for some seconds, or a number of batches."""
    caller = Caller(job["address"], job["token"], job["parent"], job["members"])
    count = 0
    since = time.perf_counter()

    async def single() -> None:
        nonlocal count
        while time.perf_counter() - since < job["seconds"]:
            await caller.one()
            count += 1

    async def batches() -> None:
        nonlocal count
        while count < job["batches"] * BATCH:
            count += BATCH
            await caller.batch()

    await asyncio.gather(*((batches if job["batches"] else single)() for _ in range(job["callers"])))
    await caller.close()
    return {"sales": count, "seconds": time.perf_counter() - since, "seen": caller.seen}


async def serve(address: str) -> None:
    """A server of the same library that answers with what it was sent."""

    async def echo(request: Any, _: Any) -> Any:
        return request.sale

    server = grpc.aio.server()
    handlers = {
        "RecordSale": grpc.unary_unary_rpc_method_handler(
            echo,
            request_deserializer=pb.RecordSaleRequest.FromString,
            response_serializer=pb.Sale.SerializeToString,
        )
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_insecure_port(address)
    await server.start()
    print("ready", flush=True)
    await server.wait_for_termination()


def main() -> None:
    """Does one or the other until stdin ends or the process is killed."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if sys.argv[1] == "echo":
            runner.run(serve(sys.argv[2]))
        print("ready", flush=True)
        for line in sys.stdin:
            print(json.dumps(runner.run(work(json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
