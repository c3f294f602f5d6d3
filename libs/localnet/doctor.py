"""`fenxiao doctor`: what this machine and this home lack, and what to do about it."""

import asyncio
import importlib.metadata
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.markers import Marker

from libs.localnet import health, nats, ports
from libs.localnet.contracts import Contracts
from libs.localnet.home import SECRET_FILE, SECRET_FOLDER, Home, HomeError
from libs.localnet.network import CHAIN, NATS
from libs.localnet.services import SERVICES

_PYTHON = (3, 11)
_NODE = 20
_FREE_BYTES = 2 * 1024**3
_RUNS_WITHIN = 10.0
_INSTALL = "Run `make up` or `make demo`: they install what is missing."

State = Literal["ok", "failed", "skipped"]


@dataclass(frozen=True)
class Check:
    """What was looked at, what was found, and what to do if it is not well."""

    name: str
    state: State
    detail: str
    fix: str = ""


async def diagnose(home: Home, root: Path) -> list[Check]:
    """Run every check."""
    contracts = Contracts(root / "contracts")
    return [
        _python(),
        _program("node", ["node", "--version"], "Install Node 20 or newer.", at_least=_NODE),
        _program("npm", ["npm", "--version"], "Install npm; it comes with Node."),
        _packages(root / "requirements.lock"),
        *_nats_server(),
        *_contracts(contracts),
        _disk(home),
        _permissions(home),
        *[check async for check in _network(home)],
    ]


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    wanted = ".".join(map(str, _PYTHON))
    return _check(
        "python", sys.version_info >= _PYTHON, found, f"Install Python {wanted} or newer and run `make` again."
    )


def _packages(lock: Path) -> Check:
    """Compare what is installed with the lock file."""
    pinned = re.findall(r"^([\w.-]+)==([^\s;\\]+)(?: *; *([^\\\n]+))?", lock.read_text(encoding="utf-8"), re.MULTILINE)
    wanted = [(name, version) for name, version, marker in pinned if not marker or Marker(marker.strip()).evaluate()]
    wrong = [name for name, version in wanted if _version(name) != version]
    detail = f"{len(wanted)} as locked" if not wrong else "missing or of another version: " + ", ".join(wrong)
    return _check("python packages", not wrong, detail, "Remove .venv/.ready and run `make up`: it installs them anew.")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _nats_server() -> Iterator[Check]:
    try:
        yield _program("nats-server", [str(nats.find_server()), "--version"], _INSTALL)
    except HomeError as error:
        yield Check("nats-server", "failed", str(error), _INSTALL)


def _contracts(contracts: Contracts) -> Iterator[Check]:
    installed = contracts.installed()
    detail = "as locked" if installed else "not as package-lock.json says"
    yield _check("npm packages", installed, detail, "Run `npm ci` in contracts/, or `fenxiao up`, which does it.")
    for name, find in (("anvil", lambda: contracts.anvil), ("forge", lambda: contracts.forge)):
        yield _tool(name, find)
    built = contracts.built()
    detail = "compiled from the sources as they are" if built else "missing, or older than their sources"
    yield _check("contracts", built, detail, "Run `fenxiao up`: it compiles them.")


def _tool(name: str, find: Callable[[], Path]) -> Check:
    try:
        return _program(name, [str(find()), "--version"], "Run `npm ci` in contracts/.")
    except HomeError as error:
        return Check(name, "failed", str(error), "Use a machine with an x86-64 or ARM64 processor.")


def _program(name: str, command: list[str], fix: str, *, at_least: int = 0) -> Check:
    """See whether a program runs and says a version that is new enough."""
    path = shutil.which(command[0])
    if path is None:
        return Check(name, "failed", "not found", fix)
    try:
        answer = subprocess.run(  # noqa: S603 - the commands stand in this file
            [path, *command[1:]], capture_output=True, text=True, timeout=_RUNS_WITHIN, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Check(name, "failed", f"does not run: {error}", fix)
    version = re.search(r"\d+(\.\d+)+", answer.stdout)
    shown = version.group() if version else answer.stdout.strip()
    return _check(name, version is not None and int(shown.split(".")[0]) >= at_least, shown, fix)


def _disk(home: Home) -> Check:
    place = next(path for path in (home.root, *home.root.parents) if path.exists())
    free = shutil.disk_usage(place).free
    detail = f"{free / 1024**3:.1f} GiB free"
    return _check("disk space", free >= _FREE_BYTES, detail, f"Free at least 2 GiB on the disk of {place}.")


def _permissions(home: Home) -> Check:
    if not home.keys.exists():
        return Check("permissions", "skipped", f"no network has been started in {home.root} yet")
    found = [(path, SECRET_FILE) for path in home.secrets()]
    found += [(path, SECRET_FOLDER) for path in (home.keys, home.data) if path.exists()]
    loose = [path for path, most in found if stat.S_IMODE(path.stat().st_mode) & ~most]
    detail = (
        f"{len(found)} secrets for their owner only" if not loose else "open to others: " + ", ".join(map(str, loose))
    )
    return _check("permissions", not loose, detail, f"chmod -R go= {home.keys} {home.data} {home.token}")


async def _network(home: Home) -> AsyncIterator[Check]:
    """Look at the running network, or at the ports that one would take."""
    known = home.read_network()
    if not home.in_use() or known is None:
        yield Check("network", "skipped", "not running; `fenxiao up` starts it")
        wanted = range(ports.FIRST, ports.FIRST + len(SERVICES) + 2)
        taken = [port for port in wanted if not ports.is_free(port)]
        free = f"{wanted[0]}–{wanted[-1]} are free"
        detail = free if not taken else f"taken, others will be used: {', '.join(map(str, taken))}"
        yield Check("ports", "ok", detail)
        return
    yield Check("network", "ok", f"running in {home.root}")
    answers = await asyncio.gather(*(health.service_status(address) for address in known["services"].values()))
    for (name, address), status in zip(known["services"].items(), answers, strict=True):
        yield _process(home, name, status == "SERVING", f"{status} at {address}")
    nats_address = known["nats_url"].removeprefix("nats://")
    yield _process(home, NATS, await health.nats_ready(nats_address), nats_address)
    yield _process(home, CHAIN, await health.chain_ready(known["rpc_url"]), known["rpc_url"])


def _process(home: Home, name: str, well: bool, detail: str) -> Check:
    return _check(name, well, detail, f"See {home.log(name)}; it is started again by itself when it has died.")


def _check(name: str, well: bool, detail: str, fix: str) -> Check:
    return Check(name, "ok", detail) if well else Check(name, "failed", detail, fix)
