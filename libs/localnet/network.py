"""The whole network as one object: start it, stop it, and hurt parts of it in tests."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol

from libs.localnet import chain, health, keys, nats, ports
from libs.localnet.contracts import Contracts
from libs.localnet.home import Home, HomeError, write_json
from libs.localnet.process import Command, Process, end_leftover
from libs.localnet.services import CHAIN_BRIDGE, SERVICES, WEB, Surroundings, environment

NATS = "nats"
CHAIN = "chain"

State = Literal["running", "done", "failed", "note"]


class Progress(Protocol):
    """Is told what the network is doing."""

    def __call__(self, name: str, state: State, detail: str = "", seconds: float = 0.0) -> None:
        """Take one piece of news about one part."""
        ...


@dataclass(frozen=True)
class Endpoints:
    """Where everything is."""

    services: dict[str, str]
    web: dict[str, str]
    """Where services answer HTTP."""
    nats_url: str
    rpc_url: str
    deployment: chain.Deployment

    def as_json(self) -> dict[str, Any]:
        """Return the form in which programs find it in `network.json`."""
        return {
            "services": self.services,
            "web": self.web,
            "nats_url": self.nats_url,
            "rpc_url": self.rpc_url,
            "chain_id": self.deployment.chain_id,
            "vault": self.deployment.vault.address,
            "vault_block": self.deployment.block,
            "token": self.deployment.token.address,
            "token_symbol": self.deployment.token_symbol,
            "token_decimals": self.deployment.token_decimals,
        }


def silent(name: str, state: State, detail: str = "", seconds: float = 0.0) -> None:
    """Show nothing."""


def repository_root() -> Path:
    """Return the folder of the repository that this code is in."""
    return Path(__file__).resolve().parents[2]


def service_command(service: str) -> Sequence[str]:
    """Return the command that serves a service."""
    return (sys.executable, "-m", f"services.{service}", "serve")


class LocalNetwork:
    """NATS, the development chain and the services, each a process of its own; all of it below one home.

    Starts and stops only what it started itself. Use it as `async with LocalNetwork(home) as network`, or with
    `start` and `stop`.
    """

    def __init__(
        self,
        home: Home,
        *,
        repo_root: Path | None = None,
        services: Sequence[str] = SERVICES,
        command: Callable[[str], Sequence[str]] = service_command,
    ) -> None:
        """Take the home; `services` and `command` let a test start fewer, or others."""
        self.home = home
        self._root = repo_root or repository_root()
        self._services = tuple(services)
        self._command = command
        self._contracts = Contracts(self._root / "contracts")
        self._processes: dict[str, Process] = {}
        self._endpoints: Endpoints | None = None
        self._ports: dict[str, int] = {}
        self._held = ExitStack()
        self._progress: Progress = silent

    async def __aenter__(self) -> "LocalNetwork":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def endpoints(self) -> Endpoints:
        """Where everything is, once the network is up."""
        if self._endpoints is None:
            raise HomeError("The network has not been started.")
        return self._endpoints

    @property
    def names(self) -> tuple[str, ...]:
        """The parts that can be killed, stopped and started."""
        return (NATS, CHAIN, *self._services)

    async def start(self, progress: Progress = silent, *, fresh: bool = False) -> Endpoints:
        """Start everything and return when all of it is healthy. If a part fails, all is stopped again.

        `fresh` removes the data of an earlier network in this home first.
        """
        self._progress = progress
        self._held.enter_context(self.home.locked())
        try:
            await self._end_leftovers()
            if fresh:
                self.home.reset()
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self.endpoints

    async def stop(self) -> None:
        """Stop everything in good order: the services, then NATS, then the chain, which saves its state."""
        try:
            await _together(*(self._processes[name].stop() for name in self._services if name in self._processes))
            for name in (NATS, CHAIN):
                if name in self._processes:
                    await self._processes[name].stop()
            if self._endpoints is not None:
                self._write_network()
        finally:
            self._held.close()

    def kill(self, name: str) -> None:
        """Kill a part without warning (SIGKILL). It is started again by itself; `wait_ready` tells when it is back."""
        self._processes[name].kill()

    async def wait_ready(self, name: str) -> None:
        """Wait until a part is ready (again)."""
        await self._processes[name].wait_ready()

    async def restart(self, name: str) -> None:
        """Stop a part in good order and start it again."""
        await self._processes[name].restart()
        self._write_network()

    async def stop_process(self, name: str) -> None:
        """Stop a part in good order and leave it stopped."""
        await self._processes[name].stop()
        self._write_network()

    async def start_process(self, name: str) -> None:
        """Start a part that was stopped, and wait until it is ready."""
        await self._processes[name].start()
        self._write_network()

    async def fund(self, programme: str, amount: int) -> str:
        """Put test money (in minor units of the token) into the vault for a programme."""
        rpc, deployment = chain.Rpc(self.endpoints.rpc_url), self.endpoints.deployment
        return await asyncio.to_thread(chain.fund, rpc, deployment, programme=programme, amount=amount)

    async def _end_leftovers(self) -> None:
        for name in (*self._services, NATS, CHAIN):
            await end_leftover(name, self._pid_file(name), note=partial(self._note, name))

    async def _start(self) -> None:
        home = self.home
        home.create()
        async with self._stage("keys"):
            await asyncio.to_thread(keys.ensure_keys, home, self._services)
        ready = self._contracts.installed() and self._contracts.built()
        async with self._stage("contracts", "" if ready else "installed and compiled (the next start need not)"):
            await self._contracts.prepare(home.log("contracts"))
        webs = (WEB[name] for name in self._services if name in WEB)
        # Later names last: each has its own port by its place.
        self._ports = ports.choose((*self._services, NATS, CHAIN, *webs), (home.read_network() or {}).get("ports", {}))
        await _together(self._start_nats_and_services(), self._start_chain_and_bridge())

    async def _start_nats_and_services(self) -> None:
        configuration = self.home.network / "nats.conf"
        users = keys.nats_users(self.home, self._services)
        configuration.write_text(
            nats.configuration(port=self._ports[NATS], store=self.home.nats, users=users), encoding="utf-8"
        )
        address = self._address(NATS)
        await self._launch(
            NATS,
            (str(nats.find_server()), "--config", str(configuration)),
            partial(health.nats_ready, address),
            address,
        )
        # The bridge waits for the contracts, which are deployed meanwhile.
        early = (name for name in self._services if name != CHAIN_BRIDGE)
        await _together(*(self._launch_service(name) for name in early))

    async def _start_chain_and_bridge(self) -> None:
        rpc_url = self._rpc_url
        await self._launch(
            CHAIN,
            chain.anvil_arguments(self._contracts.anvil, state=self.home.chain / "state.json", port=self._ports[CHAIN]),
            partial(health.chain_ready, rpc_url),
            rpc_url,
            stop_timeout=30.0,  # it writes its state
        )
        async with self._stage("deploy", "contracts"):
            deployment = await asyncio.to_thread(self._find_or_deploy, chain.Rpc(rpc_url))
        self._endpoints = Endpoints(
            services={name: self._address(name) for name in self._services},
            web={name: f"http://{self._address(WEB[name])}" for name in self._services if name in WEB},
            nats_url=self._nats_url,
            rpc_url=rpc_url,
            deployment=deployment,
        )
        if CHAIN_BRIDGE in self._services:
            await self._launch_service(CHAIN_BRIDGE, deployment)
        self._write_network()

    def _find_or_deploy(self, rpc: chain.Rpc) -> chain.Deployment:
        known = chain.Deployment.read(self.home.contracts_file)
        if known is None:
            known = chain.deploy(rpc, self._contracts, proposer=keys.signer_address(self.home))
            write_json(self.home.contracts_file, known.as_json())
        elif not chain.is_deployed(rpc, known):
            raise chain.ChainError(
                f"The chain in {self.home.chain} does not hold the contracts of {self.home.contracts_file}: its state "
                f"was lost, and no longer fits the services' data. Remove {self.home.root}, or choose another --home."
            )
        return known

    async def _launch_service(self, name: str, deployment: chain.Deployment | None = None) -> None:
        address = self._address(name)
        around = Surroundings(self._nats_url, self._rpc_url)
        if deployment is not None:
            around = Surroundings(self._nats_url, self._rpc_url, deployment.vault.address, deployment.block)
        await self._launch(
            name,
            self._command(name),
            partial(health.service_ready, address),
            address,
            environment=environment(
                self.home, name, address, around, web=self._address(WEB[name]) if name in WEB else ""
            ),
        )

    async def _launch(
        self,
        name: str,
        arguments: Sequence[str],
        ready: Callable[[], Awaitable[bool]],
        where: str,
        *,
        environment: dict[str, str] | None = None,
        stop_timeout: float = 10.0,
    ) -> None:
        command = Command(
            name=name,
            arguments=arguments,
            directory=self._root,
            log=self.home.log(name),
            pid_file=self._pid_file(name),
            ready=ready,
            environment=dict(os.environ) if environment is None else environment,
            stop_timeout=stop_timeout,
        )
        process = self._processes[name] = Process(command, note=partial(self._note, name))
        async with self._stage(name, where):
            await process.start()

    @asynccontextmanager
    async def _stage(self, name: str, detail: str = "") -> AsyncGenerator[None]:
        since = time.monotonic()
        self._progress(name, "running", detail)
        try:
            yield
        except Exception:
            self._progress(name, "failed", detail, time.monotonic() - since)
            raise
        self._progress(name, "done", detail, time.monotonic() - since)

    def _note(self, name: str, text: str) -> None:
        """Pass news of a process on; its id may have changed."""
        self._progress(name, "note", text)
        if self._endpoints is not None:
            self._write_network()

    def _write_network(self) -> None:
        pids = {name: process.pid for name, process in self._processes.items() if process.pid is not None}
        content = {"version": 1, **self.endpoints.as_json(), "ports": self._ports, "pids": pids}
        write_json(self.home.network_file, content)

    def _pid_file(self, name: str) -> Path:
        return self.home.network / f"{name}.pid"

    def _address(self, name: str) -> str:
        return f"127.0.0.1:{self._ports[name]}"

    @property
    def _nats_url(self) -> str:
        return f"nats://{self._address(NATS)}"

    @property
    def _rpc_url(self) -> str:
        return f"http://{self._address(CHAIN)}"


async def _together(*parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts at once; the first failure cancels the others and is raised as it is."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
