"""A real browser, as far as looking at a page needs one: Chromium without a window, over its own protocol."""

import asyncio
import base64
import itertools
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from aiohttp import ClientSession, ClientWebSocketResponse

from tests.support.waiting import until

CHROMIUM: Final = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
"""Empty where there is none."""

_FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--remote-debugging-port=0", "--remote-debugging-address=127.0.0.1",
)  # fmt: skip
_SECONDS: Final = 30


class Page:
    """One tab."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []
        """What the browser has said about pages: refused styles and images, errors."""

    async def show(self, url: str, *, width: int, height: int, language: str) -> None:
        """Open a page as a phone of this size would."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
        await self._call("Emulation.setDeviceMetricsOverride", **metrics)
        await self._call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
        await self._call("Page.navigate", url=url)
        await self._until("Page.loadEventFired")

    async def value(self, expression: str) -> Any:
        """What an expression gives in the page."""
        answer = await self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    async def picture(self, path: Path) -> None:
        """The whole page as PNG."""
        answer = await self._call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        await asyncio.to_thread(path.write_bytes, base64.b64decode(answer["data"]))

    async def enable(self) -> None:
        """Have the browser tell of what it loads, runs and refuses."""
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self._call(f"{domain}.enable")

    async def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while (message := await self._next()).get("id") != number:
            pass
        assert "error" not in message, message
        return message["result"]

    async def _until(self, event: str) -> None:
        while (await self._next()).get("method") != event:
            pass

    async def _next(self) -> dict[str, Any]:
        message = await self._socket.receive_json(timeout=_SECONDS)
        if message.get("method") == "Log.entryAdded":
            entry = message["params"]["entry"]
            # Browsers ask every site for an icon, whatever its pages say.
            if not entry.get("url", "").endswith("/favicon.ico"):
                self.complaints.append(f"{entry['text']} {entry.get('url', '')}")
        return message


@asynccontextmanager
async def open_browser() -> AsyncGenerator[Page]:
    """Start a browser and open a tab; it is gone afterwards, with all that it has stored."""
    assert CHROMIUM
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *_FLAGS,
            f"--user-data-dir={folder}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            port = await _port(Path(folder) / "DevToolsActivePort")
            async with ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    tab = next(one for one in await answer.json() if one["type"] == "page")
                async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    page = Page(socket)
                    await page.enable()
                    yield page
        finally:
            process.terminate()
            await process.wait()


async def _port(file: Path) -> int:
    async def lines() -> list[str]:
        return await asyncio.to_thread(lambda: file.read_text(encoding="ascii").split() if file.exists() else [])

    return int((await until(lines, what="the browser listens"))[0])
