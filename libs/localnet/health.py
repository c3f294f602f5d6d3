"""How one sees that a process is ready to work. Every probe answers at once, and says no rather than raising."""

import asyncio
import contextlib
import http.client

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2

from libs.localnet.chain import ChainError, Rpc

_PATIENCE = 2.0


async def nats_ready(address: str) -> bool:
    """Say whether NATS greets; it listens only once JetStream has been recovered."""
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(*_parts(address))
            greeting = await reader.readline()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
    except (OSError, TimeoutError):
        return False
    return greeting.startswith(b"INFO ")


async def chain_ready(rpc_url: str) -> bool:
    """Say whether the chain's node answers."""
    try:
        await asyncio.to_thread(Rpc(rpc_url).call, "eth_chainId")
    except (OSError, http.client.HTTPException, ChainError, ValueError):
        return False
    return True


async def service_ready(address: str) -> bool:
    """Say whether a service calls itself SERVING (gRPC health protocol)."""
    return await service_status(address) == "SERVING"


async def service_status(address: str) -> str:
    """Return what a service says of its health, or UNREACHABLE."""
    # A plain connection first: a gRPC channel that meets a closed port waits a second before it tries again.
    try:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(*_parts(address))
            writer.close()
    except (OSError, TimeoutError):
        return "UNREACHABLE"
    async with grpc.aio.insecure_channel(address) as channel:
        try:
            answer = await channel.unary_unary(
                "/grpc.health.v1.Health/Check",
                request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
                response_deserializer=health_pb2.HealthCheckResponse.FromString,
            )(health_pb2.HealthCheckRequest(), timeout=_PATIENCE, wait_for_ready=True)
        except grpc.aio.AioRpcError as error:
            return error.code().name
    return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


def _parts(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)
