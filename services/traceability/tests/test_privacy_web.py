"""Who sees what, over HTTP: the REST binding, subscriptions, and the proof that anybody downloads."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from fenxiao.api.traceability.v1 import privacy_pb2
from fenxiao.credentials import issue, load_issuer
from fenxiao.errors import Refusal
from fenxiao.proofs.event_proofs import read_proof
from services.traceability.tests.conftest import Rest, document
from services.traceability.tests.test_subscriptions import Endpoint, endpoint
from services.traceability.tests.test_visibility import CONTEXT, EVENTS, LOT, MILL, OTHER, SHOP

__all__ = ["endpoint"]


@pytest.fixture
async def sessions(rest: Rest, tmp_path: Path) -> AsyncIterator[dict[str, ClientSession]]:
    """A session of each party."""
    issuer = load_issuer(tmp_path)
    found: dict[str, ClientSession] = {}
    for number, party in enumerate((MILL, SHOP, OTHER)):
        token = issue(
            issuer.private_pem, issuer.kid, subject=f"party {number}", programme="olives", role="partner", scopes=["*"],
            ttl=timedelta(hours=1), parties=[party],
        )  # fmt: skip
        found[party] = ClientSession(headers={"Authorization": f"Bearer {token}"})
    yield found
    for session in found.values():
        await session.close()


async def capture(rest: Rest, *events: dict[str, Any]) -> None:
    assert (await rest.done(await rest.capture(document(*events, **{"@context": CONTEXT}))))["success"]


async def listed(rest: Rest, session: ClientSession, path: str = "/events") -> list[dict[str, Any]]:
    async with session.get(f"{rest.base}/olives/epcis{path}") as answer:
        assert answer.status == 200, await answer.text()
        return (await answer.json(content_type=None))["epcisBody"]["queryResults"]["resultsBody"]["eventList"]


async def test_a_party_is_given_what_concerns_it(rest: Rest, sessions: dict[str, ClientSession]) -> None:
    await capture(rest, *EVENTS)
    assert len(await listed(rest, rest.session)) == 4
    assert [one["bizStep"] for one in await listed(rest, sessions[MILL])] == [
        "commissioning",
        "shipping",
        "transporting",
    ]
    assert await listed(rest, sessions[OTHER]) == []
    named = await listed(rest, sessions[OTHER], f"/epcs/{LOT.replace('/', '%2F')}/events")
    assert len(named) == 4
    assert not any("quantity'" in str(one) or "mill:press" in one for one in named)
    assert all("mill:press" in one for one in await listed(rest, rest.session))


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/bizSteps"), ("GET", "/epcs"), ("GET", "/capture"), ("DELETE", "/queries/mine"), ("GET", "/queries")],
)
async def test_a_party_is_refused_what_is_about_the_programme(
    rest: Rest, sessions: dict[str, ClientSession], method: str, path: str
) -> None:
    async with sessions[MILL].request(method, f"{rest.base}/olives/epcis{path}") as answer:
        assert answer.status == 403
        assert (await answer.json(content_type=None))["title"] == "PARTY_CREDENTIAL"


async def test_a_party_sees_what_it_has_sent(rest: Rest, sessions: dict[str, ClientSession]) -> None:
    url = f"{rest.base}/olives/epcis/capture"
    async with sessions[MILL].post(url, data=document({**EVENTS[0], "bizStep": 7}, **{"@context": CONTEXT})) as sent:
        place = rest.base + sent.headers["Location"]
    for session, status in ((sessions[MILL], 200), (sessions[SHOP], 404), (rest.session, 200)):
        async with session.get(place) as answer:
            assert answer.status == status


async def test_a_subscription_keeps_who_has_subscribed(
    rest: Rest, endpoint: Endpoint, sessions: dict[str, ClientSession]
) -> None:
    queries = f"{rest.base}/olives/epcis/queries"
    async with sessions[SHOP].post(queries, json={"name": "all", "query": {"eventType": ["ObjectEvent"]}}) as answer:
        assert answer.status == 201, await answer.text()
    async with sessions[SHOP].post(f"{queries}/all/subscriptions", json={"dest": endpoint.url, "stream": True}) as made:
        assert made.status == 201, await made.text()
        place = made.headers["Location"]
    await capture(rest, EVENTS[0], EVENTS[1], EVENTS[3])
    await endpoint.until(3)
    sent = [one for body in endpoint.bodies for one in body["resultsBody"]["eventList"]]
    assert [one["bizStep"] for one in sent] == ["commissioning", "shipping", "receiving"]
    async with sessions[MILL].get(rest.base + place) as answer:
        assert answer.status == 404
    async with sessions[MILL].get(f"{queries}/all/subscriptions") as answer:
        assert await answer.json(content_type=None) == []
    async with rest.session.get(f"{queries}/all/subscriptions") as answer:
        assert len(await answer.json(content_type=None)) == 1


async def test_strangers_subscriptions_are_sent_nothing_of_others(
    rest: Rest, endpoint: Endpoint, sessions: dict[str, ClientSession]
) -> None:
    queries = f"{rest.base}/olives/epcis/queries"
    async with sessions[OTHER].post(queries, json={"name": "all", "query": {}}):
        pass
    async with sessions[OTHER].post(
        f"{queries}/all/subscriptions", json={"dest": endpoint.url, "stream": True}
    ) as made:
        assert made.status == 201, await made.text()
    await capture(rest, *EVENTS)
    mine: dict[str, Any] = {key: value for key, value in EVENTS[3].items() if key != "quantityList"}
    mine |= {
        "readPoint": {"id": "https://id.gs1.org/414/9521141000045"},
        "epcList": ["https://id.gs1.org/01/09521141123454/21/7"],
    }
    await capture(rest, mine)
    await endpoint.until(1)
    sent = [one for body in endpoint.bodies for one in body["resultsBody"]["eventList"]]
    assert [one["epcList"] for one in sent] == [mine["epcList"]]


async def test_anybody_downloads_the_proof_of_what_everybody_sees(rest: Rest) -> None:
    await capture(rest, *EVENTS)
    async with ClientSession() as anybody:
        async with anybody.get(f"{rest.base}/olives/i/{LOT.partition('gs1.org/')[2]}") as page:
            links = re.findall(r'href="([^"]+/proof/[^"]+)"', await page.text())
        assert len(links) == 4
        for link in links:
            async with anybody.get(rest.base + link.partition(rest.base.partition("://")[2])[2]) as answer:
                assert answer.status == 200, await answer.text()
                body = await answer.read()
            proof = read_proof(body)
            paths = {field.path for field in proof.view.opened}
            assert {"/bizStep", "/quantityList/0/epcClass", "/readPoint/id"} <= paths
            assert not {"/mill:press", "/quantityList/0/quantity", "/bizTransactionList/0"} & paths
            with pytest.raises(Refusal, match="FIELDS_NOT_PROVED"):
                read_proof(body.replace(b"ObjectEvent", b"ObjectEvenT"))
        async with anybody.get(f"{rest.base}/olives/proof/no-such-event") as answer:
            assert answer.status == 404


async def test_the_page_shows_what_the_public_sees_and_no_more(rest: Rest) -> None:
    inside = ["party", "adjacent", "programme", "regulator"]
    certificate = "https://certificates.example/7"
    await capture(rest, {**EVENTS[0], "certificationInfo": certificate}, EVENTS[1])

    async def page() -> str:
        address = f"{rest.base}/olives/i/{LOT.partition('gs1.org/')[2]}"
        async with ClientSession() as anybody, anybody.get(address) as answer:
            return await answer.text()

    async def set_policy(**policy: Any) -> None:
        name = "programmes/olives/visibility"
        request = privacy_pb2.SetVisibilityRequest(name=name, document=json.dumps(policy).encode())
        await rest.harness.command("SetVisibility", request)

    everything: dict[str, Any] = {"fields": ["*"], "readers": ["public", *inside]}
    shown = await page()
    assert certificate in shown
    assert shown.count("/proof/") == 2
    await set_policy(fields=[{"fields": ["certificationInfo"], "readers": inside}, everything])
    assert certificate not in await page()
    await set_policy(
        events=[{"when": {"steps": ["shipping"]}, "readers": inside}, {"readers": ["public", *inside]}],
        fields=[everything],
    )
    assert certificate in await page()
    (left,) = re.findall(r"/proof/([0-9a-f-]+)", await page())
    (hidden,) = {*re.findall(r"/proof/([0-9a-f-]+)", shown)} - {left}
    async with ClientSession() as anybody, anybody.get(f"{rest.base}/olives/proof/{hidden}") as answer:
        assert answer.status == 404
