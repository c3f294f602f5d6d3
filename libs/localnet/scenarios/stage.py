"""What the scenarios of traced goods share: opening a programme, capturing documents, asking what came of it."""

import asyncio
import json
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.membership.v1 import membership_pb2 as membership_pb
from fenxiao.api.traceability.v1 import goods_pb2 as goods_pb
from fenxiao.api.traceability.v1 import links_pb2 as links_pb
from fenxiao.api.traceability.v1 import rules_pb2 as rules_pb
from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.client import Client
from fenxiao.client.client import pages
from libs.localnet.network import repository_root
from libs.localnet.steps import Demo

PAGE_SIZE: Final = 500
PATIENCE: Final = 30.0
"""Seconds for which a web page is waited for."""

_HOME: Final = "https://id.gs1.org"
_OPEN: Final = "programme"


def stamp(moment: datetime) -> Timestamp:
    """A time as the APIs take it."""
    found = Timestamp()
    found.FromDatetime(moment)
    return found


def noon(day: str) -> Timestamp:
    """Noon of a day, in UTC."""
    return stamp(datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC))


@dataclass(frozen=True)
class Stage:
    """Where a scenario plays: a programme of its own, and a folder of `examples/`."""

    programme: str
    folder: str
    title: str
    currency: str
    time_zone: str
    starts: datetime

    @property
    def parent(self) -> str:
        """The programme's resource name."""
        return f"programmes/{self.programme}"

    @cached_property
    def story(self) -> dict[str, Any]:
        """What the generator knows beside the events: names, and the right answers."""
        return json.loads(self.file("story.json").read_text(encoding="utf-8"))

    @property
    def right(self) -> dict[str, Any]:
        """The right answers."""
        return self.story["right"]

    def file(self, name: str) -> Path:
        """A file of the example."""
        return repository_root() / "examples" / self.folder / name

    def client(self, demo: Demo) -> Client:
        """A partner's client."""
        return Client.from_home(demo.home.root)

    async def open(self, client: Client) -> str:
        """Open the programme, say what everybody may know of its places and products, and set its rules."""
        programme = membership_pb.Programme(
            display_name=self.title, currency=self.currency, time_zone=self.time_zone, start_time=stamp(self.starts)
        )
        await client.membership.CreateProgramme(
            membership_pb.CreateProgrammeRequest(
                programme_id=self.programme, programme=programme, request_id=f"{self.programme}-{_OPEN}"
            )
        )
        places, products = self.story.get("places", []), self.story.get("products", [])
        for fields in places:
            await client.traceability.SetPlace(
                links_pb.SetPlaceRequest(parent=self.parent, place=links_pb.PublicPlace(**fields))
            )
        for fields in products:
            await client.traceability.SetProduct(
                links_pb.SetProductRequest(parent=self.parent, product=links_pb.PublicProduct(**fields))
            )
        rules = sorted(self.file("rules").glob("*.yaml"))
        for file in rules:
            await client.traceability.SetTraceRule(
                rules_pb.SetTraceRuleRequest(name=self.rule(file.stem), document=file.read_bytes())
            )
        return f"{len(places)} places, {len(products)} products, {len(rules)} rules"

    def rule(self, name: str) -> str:
        """A rule's resource name."""
        return f"{self.parent}/traceRules/{name}"

    async def capture(self, client: Client, *chapters: str) -> str:
        """Capture documents of the example, as partners send them."""
        count = 0
        for chapter in chapters:
            request = pb.CaptureRequest(parent=self.parent, document=self.file(f"{chapter}.jsonld").read_bytes())
            count += len((await client.traceability.Capture(request)).trace_events)
        return f"{count} events"

    async def alerts(self, client: Client) -> list[tuple[str, tuple[str, ...]]]:
        """The alerts that stand: rule and items, in order."""
        request = rules_pb.ListAlertsRequest(parent=self.parent, state=rules_pb.ALERT_STATE_RAISED, page_size=PAGE_SIZE)
        found = [
            (alert.rule.rpartition("/")[2], tuple(alert.items))
            async for page in pages(client.traceability.ListAlerts, request)
            for alert in page.alerts
        ]
        return sorted(found)

    async def locate(self, client: Client, epc: str, day: str = "") -> list[goods_pb.Whereabouts]:
        """Where something is, now or at noon of a day."""
        request = goods_pb.LocateRequest(parent=self.parent, epc=epc, time=noon(day) if day else None)
        return [*(await client.traceability.Locate(request)).whereabouts]

    async def origins(self, client: Client, epc: str) -> list[str]:
        """What has nothing before it, of all that something came from."""
        request = goods_pb.TraceRequest(parent=self.parent, epc=epc, direction=goods_pb.TRACE_DIRECTION_BACKWARD)
        answer = await client.traceability.Trace(request)
        made = {link.target for link in answer.links}
        sources = (node for number, node in enumerate(answer.nodes) if number not in made and not node.carried)
        return sorted(node.epc for node in sources)

    async def recalled(self, client: Client, epc: str) -> list[goods_pb.RecalledItem]:
        """Everything that is affected by what is wrong with a lot."""
        request = goods_pb.RecallRequest(parent=self.parent, epc=epc, with_proofs=True)
        return [item async for part in client.traceability.Recall(request) for item in part.items]

    async def inventory(self, client: Client, product: str) -> dict[str, int]:
        """How many of a product each holder has."""
        found: dict[str, int] = {}
        request = goods_pb.ListInventoryRequest(parent=self.parent, product=product, page_size=PAGE_SIZE)
        async for page in pages(client.traceability.ListInventory, request):
            for line in page.lines:
                found[line.holder] = found.get(line.holder, 0) + line.object_count
        return found

    async def scan(self, client: Client, epc: str) -> dict[str, str]:
        """The pages, by language, that somebody sees who scans an item."""
        return {language: await self._page(client, epc, language) for language in ("en", "zh")}

    async def _page(self, client: Client, epc: str, language: str) -> str:
        """Without a credential, as a phone asks the resolver."""
        address = f"{client.web['traceability']}/{self.programme}{epc.removeprefix(_HOME)}"
        headers = {"Accept": "text/html", "Accept-Language": language}
        request = urllib.request.Request(address, headers=headers)  # noqa: S310 - our own network's http address

        def fetch() -> str:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - as above
                return answer.read().decode()

        return await asyncio.to_thread(fetch)


def missing(pages: Mapping[str, str], texts: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Which texts are not on the page of their language; empty if all of them are."""
    absent = {language: [text for text in said if text not in pages[language]] for language, said in texts.items()}
    return {language: said for language, said in absent.items() if said}
