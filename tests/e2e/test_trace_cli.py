"""Traced goods on the command line, in a whole network: olive oil from the grove to a recall and to another member."""

import asyncio
import hashlib
import io
import json
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from fenxiao.cli import app
from fenxiao.proofs.signatures import sign_digest
from libs.localnet.home import Home
from libs.localnet.wallets import address_of, sign_message

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

PROGRAMME = "olive-trace"

MEMBERS = """member_id,sponsor_id,joined_at,name
mill,,2025-01-05T09:00:00+01:00,Mill
shop,mill,2025-01-06T10:00:00+01:00,Shop
"""
PLACES = """place,name_en,name_zh,country,latitude,longitude
https://id.gs1.org/414/9521141000014,The mill,油坊,IT,43.90,11.00
https://id.gs1.org/414/9521999000075,The shop,商店,DE,52.52,13.40
"""
RULE = """
kind: sensor
severity: warning
measured: Temperature
max: {value: 25, uom: CEL}
"""

GTIN = "01/09521141123454"
GROVE, OIL, BOTTLES = "01/09521141000021/10/GROVE-1", f"{GTIN}/10/OIL", f"{GTIN}/10/BOTTLES"
CASE, MILL, SHOP = "00/095211410000000014", "414/9521141000014", "414/9521999000075"
MILLER, GROCER = "417/9521141000007", "417/9521999000006"
WAY = "https://id.gs1.org/"


def bottle(number: int) -> str:
    return f"{GTIN}/21/{number}"


def event(minute: int, step: str, kind: str = "ObjectEvent", action: str = "OBSERVE", **fields: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "eventTime": f"2025-11-08T16:{minute:02}:00+01:00",
        "eventTimeZoneOffset": "+01:00",
        "bizStep": step,
        **({} if kind == "TransformationEvent" else {"action": action}),
        **fields,
    }


def amounts(**lots: int) -> list[dict[str, Any]]:
    known = {"grove": GROVE, "oil": OIL, "bottles": BOTTLES}
    return [{"epcClass": WAY + known[name], "quantity": size, "uom": "KGM"} for name, size in lots.items()]


def made(minute: int, before: dict[str, int], after: dict[str, int]) -> dict[str, Any]:
    fields: Any = {"inputQuantityList": amounts(**before), "outputQuantityList": amounts(**after)}
    return event(minute, "creating_class_instance", "TransformationEvent", bizLocation={"id": WAY + MILL}, **fields)


def party(name: str, *, source: bool) -> list[dict[str, str]]:
    return [{"type": "possessing_party", "source" if source else "destination": WAY + name}]


EVENTS = [
    made(1, {"grove": 100}, {"oil": 20}),
    made(2, {"oil": 20}, {"bottles": 18}),
    event(
        3,
        "commissioning",
        action="ADD",
        epcList=[WAY + bottle(number) for number in range(1, 41)],
        ilmd={"cbvmda:lotNumber": "BOTTLES"},
        bizLocation={"id": WAY + MILL},
    ),
    event(
        4,
        "packing",
        "AggregationEvent",
        "ADD",
        parentID=WAY + CASE,
        childEPCs=[WAY + bottle(number) for number in range(1, 21)],
        bizLocation={"id": WAY + MILL},
    ),
    event(
        5,
        "shipping",
        disposition="in_transit",
        epcList=[WAY + CASE],
        readPoint={"id": WAY + MILL},
        sourceList=party(MILLER, source=True),
        destinationList=[*party(GROCER, source=False), {"type": "location", "destination": WAY + SHOP}],
        bizTransactionList=[{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:9521141000007:PO-7"}],
        sensorElementList=[{"sensorReport": [{"type": "Temperature", "value": 31.50, "uom": "CEL"}]}],
    ),
    event(6, "receiving", disposition="in_progress", epcList=[WAY + CASE], bizLocation={"id": WAY + SHOP}),
]


def document(events: Sequence[Any]) -> str:
    whole = {
        "@context": [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            {"mill": "https://mill.example/"},
        ],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2025-11-20T18:00:00Z",
        "epcisBody": {"eventList": events},
    }
    return json.dumps(whole)


class Shell:
    """Runs the command line and reads what it prints."""

    def __init__(self, home: Home, folder: Path) -> None:
        self._home = home
        self._folder = folder

    def file(self, name: str, content: str, mode: int = 0o644) -> str:
        path = self._folder / name
        path.write_text(content)
        path.chmod(mode)
        return str(path)

    async def run(self, *arguments: str, given: bytes = b"") -> tuple[int, str, str]:
        command = str(Path(sys.executable).with_name("fenxiao"))
        child = await asyncio.create_subprocess_exec(
            *(command, "--home", str(self._home.root), "--programme", PROGRAMME, *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "COLUMNS": "200"},
        )
        async with asyncio.timeout(120):
            out, err = await child.communicate(given)
        return child.returncode or 0, out.decode(), err.decode()

    async def within(self, *arguments: str) -> tuple[int, str, str]:
        """The same within this process, which is much faster; it has an event loop of its own in another thread."""
        whole = ["--home", str(self._home.root), "--programme", PROGRAMME, "--json", *arguments]
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
            code = await asyncio.to_thread(app.run, whole)
        return code, out.getvalue(), err.getvalue()

    async def json(self, *arguments: str, code: int = 0, given: bytes = b"") -> Any:
        ended, out, err = await (self.run("--json", *arguments, given=given) if given else self.within(*arguments))
        assert ended == code, err or out
        return json.loads(out)

    async def text(self, *arguments: str, language: str = "en") -> str:
        ended, out, err = await self.run("--lang", language, *arguments)
        assert ended == 0, err
        return out

    async def refused(self, *arguments: str) -> tuple[int, str]:
        ended, _, err = await self.within(*arguments)
        return ended, json.loads(err.strip().splitlines()[-1])["error"]["reason"]


async def test_olive_oil_from_the_grove_to_a_recall_and_to_another_member(home: Home, tmp_path: Path) -> None:
    shell = Shell(home, tmp_path)
    await shell.json("programme", "create", PROGRAMME, "--currency", "EUR", "--start", "2025-01-01")
    await shell.json("members", "import", shell.file("members.csv", MEMBERS))
    await named_and_watched(shell)
    await captured(shell)
    await asked(shell, tmp_path)
    await followed(shell)
    await found_and_alerted(shell)
    await recalled(shell, tmp_path)
    await handed_over(shell)
    await printed(shell, tmp_path)


async def named_and_watched(shell: Shell) -> None:
    taken = await shell.json("trace", "place", "import", shell.file("places.csv", PLACES))
    assert (taken["kind"], taken["taken"], taken["refused"]) == ("places", 2, 0)
    await shell.json("trace", "product", "set", GTIN, "--name-en", "Olive oil", "--name-zh", "橄榄油")
    assert [one["name_zh"] for one in (await shell.json("trace", "product", "list"))["products"]] == ["橄榄油"]
    assert len((await shell.json("trace", "place", "list", "--limit", "1"))["places"]) == 1
    rule = await shell.json("trace", "rule", "set", "cold", shell.file("cold.yaml", RULE))
    assert (rule["rule"], rule["version"], rule["kind"]) == ("cold", 1, "sensor")
    assert await shell.json("trace", "rule", "show", "cold") == rule
    assert (await shell.json("trace", "rule", "list"))["rules"] == [rule]
    assert await shell.refused("trace", "rule", "show", "hot") == (5, "UNKNOWN_RULE")


async def captured(shell: Shell) -> None:
    wrong = shell.file("wrong.jsonld", document([*EVENTS, event(9, "receiving", action="LOOK", epcList=["urn:x:1"])]))
    found = await shell.json("trace", "capture", wrong, code=1)
    (one,) = found["files"]
    assert (one["success"], one["captured"], one["refused"]) == (False, 0, 7)
    assert (one["problems"][0]["event"], one["problems"][0]["rule"]) == (7, "UNKNOWN_WORD")
    assert await shell.json("trace", "show", CASE) == {"events": []}
    file = shell.file("oil.jsonld", document(EVENTS))
    first = await shell.json("trace", "capture", file)
    assert first["success"]
    assert (first["files"][0]["captured"], first["files"][0]["repeated"]) == (6, 0)
    again = await shell.json("trace", "capture", "-", file, "--proceed", given=document(EVENTS[:2]).encode())
    assert [(one["captured"], one["repeated"]) for one in again["files"]] == [(0, 2), (0, 6)]
    sent = await shell.json("trace", "capture", file, "--no-wait")
    done = await shell.json("trace", "captures", "show", sent["files"][0]["capture"], "--wait")
    assert (done["state"], done["repeated"]) == ("finished", 6)
    assert len((await shell.json("trace", "captures", "list"))["captures"]) == 5
    assert "✓" in await shell.text("trace", "capture", file, language="zh")


async def asked(shell: Shell, folder: Path) -> None:
    shipped = (await shell.json("trace", "query", "--step", "shipping"))["events"]
    assert [one["items"] for one in shipped] == [[WAY + CASE]]
    assert shipped[0]["document"]["sensorElementList"][0]["sensorReport"][0]["value"] == 31.5
    every = (await shell.json("trace", "query", "--limit", "0"))["events"]
    assert len(every) == 6
    assert len((await shell.json("trace", "query", "--limit", "4"))["events"]) == 4
    about = ("--epc", f"({GTIN[:2]}){GTIN[3:]}(10)OIL", "--event-type", "TransformationEvent")
    assert len((await shell.json("trace", "query", *about))["events"]) == 2
    at_mill = ("--at", MILL, "--since", "2025-11-08", "--until", "2025-11-09")
    assert [one["biz_step"] for one in (await shell.json("trace", "query", *at_mill))["events"]] == ["shipping"]
    hot = ("--param", "GT_value_CEL=30", "--param", "EQ_type=Temperature")
    assert len((await shell.json("trace", "query", *hot))["events"]) == 1
    assert await shell.refused("trace", "query", "--param", "EQ_colour=red") == (1, "QUERY_PARAMETER")
    assert await shell.refused("trace", "query", "--param", "EQ_bizStep") == (2, "INVALID_PARAMETER")
    for name in ("all.jsonld", "all.ndjson"):
        written = await shell.json("trace", "query", "--limit", "0", "--out", str(folder / name))
        assert written["events"] == 6
        valid = await shell.json("epcis", "validate", str(folder / name))
        assert valid["files"][0]["event_ids"] == [one["event_id"] for one in every]
        back = await shell.json("trace", "capture", str(folder / name))
        assert back["files"][0]["repeated"] == 6
    (one,) = (await shell.json("trace", "event", shipped[0]["event_id"]))["events"]
    assert one == shipped[0]
    assert (await shell.json("trace", "event", one["trace_event"]))["events"] == [one]
    assert await shell.refused("trace", "event", "ni:///sha-256;00?ver=CBV2.0") == (5, "NO_SUCH_EVENT")
    assert '"value": 31.5' in await shell.text("trace", "event", one["event_id"])
    path = await shell.text("trace", "show", CASE, language="zh")
    assert path.index("packing") < path.index("shipping") < path.index("receiving")
    assert "商店" in path


async def followed(shell: Shell) -> None:
    forward = await shell.json("trace", "forward", GROVE, "--limit", "0")
    names = [one["item"].removeprefix(WAY) for one in forward["nodes"]]
    assert set(names) == {GROVE, OIL, BOTTLES, CASE, *(bottle(number) for number in range(1, 41))}
    assert (forward["complete"], len(forward["links"])) == (True, 2 + 40 + 20)
    links = {(names[one["source"]], names[one["target"]], one["kind"]) for one in forward["links"]}
    assert {(GROVE, OIL, "transformation"), (BOTTLES, bottle(7), "lot"), (bottle(7), CASE, "contents")} <= links
    back = await shell.text("trace", "back", bottle(7))
    lines = [line.strip() for line in back.splitlines()]
    assert lines[0] == f"• {bottle(7)}  Olive oil"
    assert any(OIL in line and "transformation" in line for line in lines)
    assert any(GROVE in line for line in lines)
    near = await shell.json("trace", "forward", GROVE, "--depth", "1")
    assert (len(near["nodes"]), near["complete"]) == (2, False)
    tree = await shell.json("trace", "tree", OIL, "--events")
    assert (tree["complete"], tree["layers"], len(tree["events"])) == (True, 5, 4)
    grove = next(one for one in tree["nodes"] if one["item"].endswith(GROVE))
    assert (grove["layer"], grove["start"], grove["quantities"]) == (0, False, ["input 100 KGM"])
    drawn = await shell.text("trace", "tree", OIL, language="zh")
    assert "层 0" in drawn
    assert "橄榄油" in drawn
    assert await shell.refused("trace", "tree", "nonsense") == (1, "INVALID_EPC")


async def found_and_alerted(shell: Shell) -> None:
    found = await shell.json("trace", "locate", bottle(1), bottle(21), bottle(99), code=5)
    packed, left, unknown = found["items"]
    assert packed["whereabouts"][0]["place"] == WAY + SHOP
    assert packed["whereabouts"][0]["holder"] == WAY + GROCER
    assert packed["whereabouts"][0]["containers"] == [WAY + CASE]
    assert left["whereabouts"][0]["place"] == WAY + MILL
    assert unknown["problem"]["reason"] == "NOTHING_REPORTED"
    assert await shell.refused("trace", "locate", bottle(99)) == (5, "NOTHING_REPORTED")
    before = await shell.json("trace", "locate", bottle(1), "--as-of", "2025-11-08T16:04:30+01:00")
    assert before["items"][0]["whereabouts"][0]["place"] == WAY + MILL
    assert "商店" in await shell.text("trace", "locate", bottle(1), language="zh")
    stock = (await shell.json("trace", "inventory", "--holder", GROCER))["lines"]
    assert [(one["product"], one["objects"], one["quantity"]) for one in stock if GTIN in one["product"]] == [
        (WAY + GTIN, 20, "20")
    ]
    assert "The shop" in await shell.text("trace", "inventory", "--product", GTIN)
    (alert,) = (await shell.json("trace", "alert", "list", "--rule", "cold"))["alerts"]
    assert (alert["state"], alert["severity"], alert["items"]) == ("raised", "warning", [WAY + CASE])
    assert await shell.json("trace", "alert", "show", alert["alert"]) == alert
    assert (await shell.json("trace", "alert", "list", "--state", "cleared"))["alerts"] == []
    assert alert["found_zh"] in await shell.text("trace", "alert", "show", alert["alert"], language="zh")
    advanced = await shell.json("trace", "advance-to", "2025-11-20")
    assert advanced == {"as_of": "2025-11-20T00:00:00Z", "alerts_raised": 0}
    assert (await shell.json("trace", "rule", "remove", "cold"))["removed"]


async def recalled(shell: Shell, folder: Path) -> None:
    preview = await shell.json("recall", "preview", OIL, "--proofs")
    assert preview["total"]["items"] == 42
    assert preview["total"]["complete"]
    assert {(one["holder"], one["items"], one["quantity"] + one["uom"]) for one in preview["holders"]} == {
        (WAY + GROCER, 20, "20"),
        (WAY + MILL.replace("414", "417"), 20, "20"),
        (WAY + MILL.replace("414", "417"), 1, "18KGM"),
    }
    (seventh,) = [one for one in preview["items"] if one["item"].endswith(bottle(7))]
    assert [step["kind"] for step in seventh["proof"]] == ["transformation", "lot"]
    file = folder / "recall.csv"
    assert (await shell.json("recall", "preview", OIL, "--csv", str(file)))["total"]["items"] == 42
    assert len(file.read_text().splitlines()) == 1 + len(preview["items"])
    opened = await shell.json("recall", "open", OIL, "--reason", "safety")
    assert (opened["state"], opened["reason"], opened["items"]) == ("open", "safety", 42)
    assert await shell.refused("recall", "open", OIL, "--reason", "safety") == (1, "RECALL_OPEN")
    shown = await shell.json("recall", "show", opened["recall"], "--items")
    assert (shown["named"][0], len(shown["named"])) == (WAY + OIL, 42)
    assert (await shell.json("recall", "list", "--open", "--item", bottle(7)))["recalls"] == [opened]
    assert "召回" in await shell.text("recall", "show", opened["recall"], language="zh")
    assert "The shop" in await shell.text("recall", "preview", OIL)
    closed = await shell.json("recall", "close", opened["recall"])
    assert (closed["state"], bool(closed["closed_at"])) == ("closed", True)
    assert await shell.refused("recall", "close", opened["recall"]) == (1, "RECALL_CLOSED")
    assert (await shell.json("recall", "list", "--open"))["recalls"] == []


async def handed_over(shell: Shell) -> None:
    keys: dict[str, str] = {}
    accounts: dict[str, str] = {}
    for member in ("mill", "shop"):
        key = hashlib.sha256(f"{PROGRAMME}/{member}".encode()).digest()
        accounts[member] = address_of(key)
        keys[member] = shell.file(f"{member}.key", f"0x{key.hex()}\n", 0o600)
        text = (await shell.json("members", "challenge", member, accounts[member]))["message"]
        await shell.json("members", "bind", member, accounts[member], f"0x{sign_message(key, text).hex()}")
    goods = ("--item", CASE, "--item", f"{BOTTLES}=4:KGM", "--place", SHOP, "--expires", "2025-12-31")
    made = ("custody", "offer", "--from", "mill", "--to", "shop", *goods)
    assert await shell.refused(*made) == (2, "WRONG_USAGE")
    loose = shell.file("loose.key", "0x" + "11" * 32)
    assert await shell.refused(*made, "--key-file", loose) == (4, "KEY_FILE_OPEN")
    assert await shell.refused(*made, "--key-file", keys["shop"]) == (4, "WRONG_SIGNER")
    offer = await shell.json(*made, "--key-file", keys["mill"])
    assert (offer["state"], offer["offerer_id"], offer["receiver_id"]) == ("offered", "mill", "shop")
    assert [(one["item"], one["quantity"], one["uom"]) for one in offer["items"]] == [
        (WAY + CASE, "", ""),
        (WAY + BOTTLES, "4", "KGM"),
    ]
    assert (await shell.json("custody", "holders", CASE))["holders"] == []
    wrong = ("custody", "accept", offer["offer"], "--key-file", keys["mill"])
    assert await shell.refused(*wrong) == (4, "WRONG_SIGNER")
    accepted = await shell.json("custody", "accept", offer["offer"], "--key-file", keys["shop"])
    assert (accepted["state"], accepted["receiver_account"]) == ("accepted", accounts["shop"])
    held = await shell.json("custody", "holders", CASE)
    assert [one["member_id"] for one in held["holders"]] == ["shop"]
    assert [one["offer"] for one in held["chain"]] == [offer["offer"]]
    # The shop gives it back: what a wallet is asked to sign is printed, and signed elsewhere.
    back = ("custody", "typed-data", "--from", "shop", "--to", "mill", "--item", CASE, "--expires", "2025-12-31")
    asked = await shell.json(*back)
    signed = shell.file("back.json", json.dumps(asked["typed_data"]))
    signature = signed_elsewhere(PROGRAMME, "shop", asked["digest"])
    second = await shell.json("custody", "offer", "--typed-data", signed, "--signature", signature)
    assert (second["offer"], second["digest"]) == (asked["offer"], asked["digest"])
    refusal = await shell.json("custody", "typed-data", second["offer"], "--answer", "reject")
    signature = signed_elsewhere(PROGRAMME, "mill", refusal["digest"])
    assert (await shell.json("custody", "reject", second["offer"], "--signature", signature))["state"] == "rejected"
    third = await shell.json(
        "custody", "offer", "--from", "shop", "--to", "mill", "--item", CASE, "--expires", "2025-12-31",
        "--key-file", keys["shop"],
    )  # fmt: skip
    withdrawn = await shell.json("custody", "withdraw", third["offer"], "--key-file", keys["shop"])
    assert withdrawn["state"] == "withdrawn"
    listed = (await shell.json("custody", "list", "--member", "mill"))["offers"]
    assert [one["state"] for one in listed] == ["accepted", "rejected", "withdrawn"]
    assert await shell.json("custody", "show", offer["offer"]) == accepted
    assert "已接受" in await shell.text("custody", "list", language="zh")


def signed_elsewhere(programme: str, member: str, digest: str) -> str:
    key = hashlib.sha256(f"{programme}/{member}".encode()).digest()
    return f"0x{sign_digest(key, bytes.fromhex(digest[2:])).hex()}"


async def printed(shell: Shell, folder: Path) -> None:
    link = (
        "trace",
        "links",
        "set",
        GTIN,
        "gs1:pip",
        "https://mill.example/oil",
        "--title-en",
        "Oil",
        "--title-zh",
        "油",
    )
    assert [one["target"] for one in (await shell.json(*link))["links"]] == ["https://mill.example/oil"]
    recipes = ("trace", "links", "set", GTIN, "gs1:recipeInfo", "https://mill.example/recipes", "--title-en", "Recipes")
    assert len((await shell.json(*recipes))["links"]) == 2
    moved = (*link[:5], "https://mill.example/new", *link[6:])
    assert len((await shell.json(*moved))["links"]) == 2
    (links,) = (await shell.json("trace", "links", "list", bottle(1)))["link_sets"]
    assert {one["target"] for one in links["links"]} == {"https://mill.example/new", "https://mill.example/recipes"}
    assert len((await shell.json("trace", "links", "remove", GTIN, "--type", "gs1:pip"))["links"]) == 1
    for kind, start in (("svg", b"<svg"), ("png", b"\x89PNG")):
        file = folder / f"code.{kind}"
        assert (await shell.json("trace", "qr", BOTTLES, "--out", str(file)))["bytes"] == file.stat().st_size
        assert file.read_bytes().startswith(start)
    assert await shell.refused("trace", "qr", BOTTLES, "--out", str(folder / "code.gif")) == (2, "WRONG_USAGE")
    await shell.json("trace", "queries", "define", "shipped", "--param", "EQ_bizStep=shipping")
    target = "https://partner.example/hook"
    added = await shell.json("trace", "subscriptions", "add", "shipped", target, "--schedule", "hour=6")
    (listed,) = (await shell.json("trace", "subscriptions", "list", "shipped"))["subscriptions"]
    assert (listed["subscriptionID"], listed["schedule"]) == (added["subscription"], {"hour": "6"})
    await shell.json("trace", "subscriptions", "remove", "shipped", added["subscription"])
    assert (await shell.json("trace", "subscriptions", "list", "shipped"))["subscriptions"] == []
    assert await shell.refused("trace", "queries", "remove", "received") == (5, "NO_SUCH_QUERY")
