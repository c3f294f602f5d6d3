"""The command line as a merchant runs it: a process of its own on a network's home, and what it answered."""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from libs.localnet.home import Home

SECONDS = 120


class Run(NamedTuple):
    """What a command has said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The answer; of a refusal, the last line of what stands in the way."""
        return json.loads(self.err.strip().splitlines()[-1] if self.code else self.out)


@dataclass(frozen=True)
class CommandLine:
    """`fenxiao` in one programme. `folder` takes the files that commands read."""

    home: Home
    programme: str
    folder: Path = Path()

    async def __call__(self, *arguments: str) -> Any:
        """Runs a command that must go well, and gives its answer."""
        run = await self.run(*arguments)
        assert run.code == 0, run.err + run.out
        return run.json

    async def refused(self, *arguments: str) -> str:
        """Runs a command that must be refused, and gives the reason."""
        run = await self.run(*arguments)
        assert run.code, run.out
        return run.json["error"]["reason"]

    async def run(self, *arguments: str, token: str = "") -> Run:
        """Runs a command, with another credential than the home's own if there is one."""
        command = str(Path(sys.executable).with_name("fenxiao"))
        wanted = [command, "--home", str(self.home.root), "--programme", self.programme, "--json", *arguments]
        child = await asyncio.create_subprocess_exec(
            *(["env", f"FENXIAO_TOKEN={token}", *wanted] if token else wanted),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(SECONDS):
            out, err = await child.communicate()
        assert child.returncode is not None
        return Run(child.returncode, out.decode(), err.decode())

    def file(self, name: str, content: str) -> str:
        """Writes a file for a command to read."""
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        return str(path)

    async def opened(self, plan: str, members: str) -> None:
        """A programme in euros with its asset, its plan and its members."""
        created = ("programme", "create", self.programme, "--currency", "EUR")
        await self(*created, "--start", "2025-01-01", "--time-zone", "Europe/Berlin")
        await self("asset", "register")
        await self("plan", "publish", self.file("plan.yaml", plan))
        await self("members", "import", self.file("members.csv", members))

    async def verified(self, *more: str) -> dict[str, int]:
        """Has everything verified, and gives how many things each check has looked at."""
        report = await self("verify", "--export", str(self.folder / "export"), *more)
        assert report["passed"], report
        return {check["name"]: check["checked"] for check in report["checks"]}
