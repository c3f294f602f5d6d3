"""From the command line to a service that runs, and to its orderly end."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from nats.errors import Error as NatsError

from fenxiao.credentials import load_jwks
from libs.eventbus import MESSAGE_LIMIT, Consumer, Relay, inbox_prefix, limit, replay
from libs.eventbus import TABLES as BUS_TABLES
from libs.eventbus.connection import Connection
from libs.eventbus.inbox import Inbox
from libs.eventlog import EventLog, Tx
from libs.servicekit import idempotency, logs
from libs.servicekit.access import Access
from libs.servicekit.server import Server
from libs.servicekit.service import Resources, Running, Service, type_name
from libs.servicekit.settings import Settings, SettingsError
from libs.servicekit.web import WebServer

logger = structlog.get_logger(__name__)

USAGE = 64
"""Exit code for a wrong call or wrong settings (sysexits.h, EX_USAGE)."""


def main(service: Service, arguments: Sequence[str] | None = None) -> None:
    """Runs what the first argument says.

    `serve`; `migrate`: create what the database lacks; `rebuild`: make every view anew; `retry`: apply parked events.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    actions = {"serve": serve, "migrate": migrate, "rebuild": rebuild, "retry": retry}
    if len(words) != 1 or words[0] not in actions:
        print(f"usage: python -m services.{service.name} {'|'.join(actions)}", file=sys.stderr)
        raise SystemExit(USAGE)
    try:
        settings = Settings.from_environment()
        logs.configure(service.name, development=settings.environment == "development")
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(actions[words[0]](service, settings))
    except SettingsError as error:
        print(f"{service.name}: {error}", file=sys.stderr)
        raise SystemExit(USAGE) from None


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 # optional: it does not exist on every platform
    except ImportError:
        return None
    return uvloop.new_event_loop


def open_log(service: Service, url: str) -> EventLog:
    """The service's store with every table that it needs."""
    return EventLog.open(
        url,
        events=service.events,
        views=service.views,
        public=service.publishes.keys(),
        guard=limit(service.name, service.publishes),
        tables=[*idempotency.TABLES, *BUS_TABLES, *service.tables],
    )


async def connect(nc: Connection, service: str, settings: Settings) -> None:
    """Connects to NATS; the connection comes back by itself for as long as the process lives."""
    seed = str(settings.nats_nkey_seed_file) if settings.nats_nkey_seed_file else None
    pause = 0.2
    while True:
        try:
            await nc.connect(
                settings.nats_url,
                nkeys_seed=seed,
                inbox_prefix=inbox_prefix(service),
                max_reconnect_attempts=-1,
                reconnect_time_wait=1,
                ping_interval=5,
                max_outstanding_pings=2,
                error_cb=_bus_error,
            )
        except (OSError, NatsError) as error:
            logger.warning("bus_not_reachable", error=str(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)
        else:
            break
    if nc.max_payload < MESSAGE_LIMIT:
        logger.error("bus_takes_too_little", max_payload=nc.max_payload, needed=MESSAGE_LIMIT)


async def _bus_error(error: Exception) -> None:
    logger.warning("bus_error", error=repr(error))


def collect_rarely() -> None:
    """Looks for objects in rings less often: what calls make is forgotten when they end, and hardly ever in rings."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def serve(service: Service, settings: Settings) -> None:
    """Runs the service until SIGTERM or SIGINT. It takes calls before the bus is there: the store is the record."""
    collect_rarely()
    opened: list[object] = [make(settings) for make in service.resources]
    resources = Resources(opened)
    log = open_log(service, settings.database_url)
    running = Running(service, settings, log, resources, {})
    opened.append(running)
    nc = Connection()
    for source, handlers in service.sources.items():
        running.consumers[source] = Consumer(
            log,
            nc,
            service.name,
            source,
            handlers,
            halt_programme=service.halt_programme,
            followers=service.follows.get(source, ()),
        )
    access = Access(load_jwks(settings.jwks_file))
    server = Server(running, access)
    await server.start()
    site = WebServer(running, access, service.site) if service.site and settings.web_address else None
    if site is not None:
        await site.start(settings.web_address)
    logger.info("serving", address=settings.service_address)
    relay = Relay(log, nc, service.name, service.publishes)
    tasks = [
        asyncio.create_task(_on_the_bus(nc, service.name, settings, [relay, *running.consumers.values()]), name="bus")
    ]
    tasks += [
        asyncio.create_task(_again_and_again(work.__name__, lambda w=work: w(running))) for work in service.background
    ]
    tasks.append(asyncio.create_task(_again_and_again("forget_requests", lambda: idempotency.forget_forever(log))))
    await _stop_signal()
    logger.info("stopping")
    if site is not None:
        await site.stop()
    await server.stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await log.close()
    with contextlib.suppress(Exception):
        await nc.close()
    resources.close()


async def _on_the_bus(nc: Connection, service: str, settings: Settings, parts: Sequence[Relay | Consumer]) -> None:
    await connect(nc, service, settings)
    async with asyncio.TaskGroup() as group:
        for part in parts:
            group.create_task(_again_and_again(type(part).__name__, part.run))


async def _again_and_again(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Runs work that should never end; starts it again when it fails."""
    pause = 0.2
    while True:
        try:
            await work()
            return
        except Exception:
            logger.exception("background_failed", work=name)
        await asyncio.sleep(pause)
        pause = min(pause * 2, 10.0)


async def _stop_signal() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


async def migrate(service: Service, settings: Settings) -> None:
    """Creates what is missing in the database."""
    log = open_log(service, settings.database_url)
    await log.close()
    logger.info("migrated")


async def rebuild(service: Service, settings: Settings) -> None:
    """Makes every view anew from the service's own store and from the others' streams. Policies do not run again."""
    log = open_log(service, settings.database_url)
    applied = await log.rebuild()
    handlers: dict[str, list[Callable[[Tx, Any], None]]] = {}
    for view in service.views:
        for cls, apply in view.others.items():
            handlers.setdefault(type_name(cls), []).append(apply)
    viewed = {cls for view in service.views for cls in view.others}
    nc = Connection()
    await connect(nc, service.name, settings)
    for source, table in service.sources.items():
        inbox = Inbox(source, service.name)
        consumed, parked = await log.read(lambda reader, inbox=inbox: (inbox.progress(reader), inbox.parked(reader)))
        if consumed.place is None or viewed.isdisjoint(table):
            continue
        waiting = {one.received.place for one in parked}
        async for received in replay(nc, source, consumed.place, service.name):
            for apply in handlers.get(received.type, ()) if received.place not in waiting else ():
                await log.write(lambda tx, apply=apply, received=received: apply(tx, received))
                applied += 1
    await nc.close()
    await log.close()
    logger.info("rebuilt", events=applied)


async def retry(service: Service, settings: Settings) -> None:
    """Applies what is parked, in order, up to the first in each scope that fails again. Run it on a stopped service."""
    log = open_log(service, settings.database_url)
    for source, handlers in service.sources.items():
        consumer = Consumer(log, Connection(), service.name, source, handlers, halt_programme=service.halt_programme)
        for scope in dict.fromkeys(parked.scope for parked in await consumer.parked_messages()):
            done = await consumer.retry_parked(scope)
            logger.info("retried", source=source, scope=scope, applied=done)
    await log.close()
