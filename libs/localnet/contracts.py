"""The contracts' folder: its npm packages installed, its sources compiled, when that is needed."""

import asyncio
import contextlib
import hashlib
import json
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from libs.localnet.home import HomeError
from libs.localnet.process import tail

ARTEFACTS = ("CommissionVault", "TestToken")

_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class Contracts:
    """What stands in `contracts/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def anvil(self) -> Path:
        """The development chain's binary, inside the npm package for this platform."""
        return self._tool("anvil")

    @property
    def forge(self) -> Path:
        """The compiler driver's binary, likewise."""
        return self._tool("forge")

    def installed(self) -> bool:
        """Say whether node_modules holds what the lock file asks for (npm notes there what it has installed)."""
        try:
            present = _packages(self.folder / "node_modules" / ".package-lock.json")
        except FileNotFoundError:
            return False
        wanted = _packages(self.folder / "package-lock.json")
        return all(
            present[path].get("integrity") == package.get("integrity") if path in present else package.get("optional")
            for path, package in wanted.items()
            if path  # the empty path is the project itself
        )

    def built(self) -> bool:
        """Say whether the artefacts were made from the sources as they are."""
        if not all(self._artefact_path(name).exists() for name in ARTEFACTS):
            return False
        return self._stamp.exists() and self._stamp.read_text(encoding="utf-8") == self._source_hash()

    async def prepare(self, log: Path) -> None:
        """Install and compile if need be; what the tools print goes to `log`."""
        if not self.installed():
            npm = shutil.which("npm")
            if npm is None:
                raise HomeError("npm was not found. Install Node 20 or newer.")
            # No package here needs its install script: the binaries are inside the packages.
            await _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], self.folder, log)
        if not self.built():
            compiled = self._source_hash()
            await _run([str(self.forge), "build", "src"], self.folder, log)
            self.mark_built(compiled)

    def mark_built(self, sources: str | None = None) -> None:
        """Note from which sources the artefacts were made: from those named by this hash, or as they are."""
        self._stamp.write_text(sources or self._source_hash(), encoding="utf-8")

    def artefact(self, name: str) -> dict[str, Any]:
        """Return what the compiler made of a contract: `abi`, `bytecode` and more."""
        return json.loads(self._artefact_path(name).read_text(encoding="utf-8"))

    @property
    def _stamp(self) -> Path:
        return self.folder / "out" / ".sources.sha256"

    def _artefact_path(self, name: str) -> Path:
        return self.folder / "out" / f"{name}.sol" / f"{name}.json"

    def _source_hash(self) -> str:
        digest = hashlib.sha256()
        sources = sorted((self.folder / "src").rglob("*.sol"))
        for path in (self.folder / "foundry.toml", self.folder / "package-lock.json", *sources):
            digest.update(f"{path.relative_to(self.folder).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def _tool(self, tool: str) -> Path:
        machine = _MACHINES.get(platform.machine().lower())
        if machine is None:
            raise HomeError(f"Foundry has no {tool} for this processor ({platform.machine()}).")
        suffix = ".exe" if sys.platform == "win32" else ""
        package = f"{tool}-{sys.platform}-{machine}"
        return self.folder / "node_modules" / "@foundry-rs" / package / "bin" / f"{tool}{suffix}"


def _packages(lock: Path) -> dict[str, dict[str, Any]]:
    return json.loads(lock.read_text(encoding="utf-8"))["packages"]


async def _run(command: Sequence[str], folder: Path, log: Path) -> None:
    with log.open("ab") as output:
        child = await asyncio.create_subprocess_exec(
            *command, cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
            await child.wait()
            raise
    if code != 0:
        shown = " ".join([Path(command[0]).name, *command[1:]])
        raise HomeError(f"`{shown}` failed in {folder} (exit code {code}). The end of {log}:\n{tail(log)}")
