"""Fields under keys: stored sealed, opened for who may see them, gone with the key, provable all along."""

import json
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from fenxiao.api.traceability.v1 import events_pb2, privacy_pb2, proofs_pb2
from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.epcis import EpcisError, EventReader, Profile
from fenxiao.errors import Refusal
from fenxiao.proofs.fields import Commitment, Opened, Redacted, verify_opened
from libs.eventlog import Meta, Reader
from libs.servicekit.testing import Harness
from services.traceability.adapters.secrets import Secrets
from services.traceability.domain.visibility import Audience
from services.traceability.shared import reading
from services.traceability.shared.capturing import Prepared, prepare, seal, store
from services.traceability.shared.sealing import sealing_of
from services.traceability.tests.conftest import OLIVE_OIL, PARENT, document
from services.traceability.tests.test_visibility import (
    CONTEXT,
    EVENTS,
    LOT,
    MILL,
    NS,
    OTHER,
    SHOP,
    Privacy,
    lot_event,
    privacy,
    sold,
)
from services.traceability.wiring import SERVICE

__all__ = ["privacy"]

EVERYBODY = [one.value for one in Audience]
INSIDE = [one.value for one in Audience if one is not Audience.PUBLIC]
REST = {"fields": ["*"], "readers": EVERYBODY}
SECRET = "cold pressed at 24 degrees"


def sealed_for(kind: str, *fields: str) -> list[dict[str, Any]]:
    return [{"fields": [*fields], "readers": INSIDE, "seal": kind}, REST]


async def erase(privacy: Privacy, **subject: str) -> int:
    request = privacy_pb2.EraseTraceDataRequest(parent=PARENT, **subject)
    return (await privacy.harness.command("EraseTraceData", request)).key_count


def holds(proof: proofs_pb2.EventProof, root: bytes, size: int) -> bool:
    """Whether a proof verifies against what was made public."""
    view = Redacted(
        Commitment(proof.commitment_root, proof.commitment_size),
        tuple(Opened(one.number, one.path, one.text, one.salt) for one in proof.fields),
        tuple(proof.hashes),
    )
    return verify_opened(view, Commitment(root, size))


async def public(privacy: Privacy, name: str) -> tuple[bytes, int]:
    """What was made public of an event."""
    published = await privacy.harness.published()
    (found,) = (
        one for one in published if isinstance(one, events_pb2.TraceEventCaptured) and name.endswith(one.trace_event)
    )
    return found.commitment_root, found.commitment_size


async def stored(privacy: Privacy) -> str:
    """All that stands in the store and its views, as text."""

    def read(reader: Reader) -> list[Any]:
        tables = [table for view in SERVICE.views for table in view.tables]
        return [row for table in tables for row in reader.all(f"SELECT * FROM {table}")]

    events = [one.event.model_dump_json() for one in await privacy.harness.recorded()]
    return "\n".join(map(str, [*events, *await privacy.harness.log.read(read)]))


async def test_what_is_sealed_stands_nowhere_and_is_shown_as_it_was(privacy: Privacy) -> None:
    fields = (f"{{{NS}}}*", f"ilmd/{{{NS}}}*", "certificationInfo")
    await privacy.set(fields=sealed_for("owner", *fields))
    event = lot_event(
        1, "commissioning", "https://id.gs1.org/414/9521141000014", action="ADD", certificationInfo=["https://c.example/1"],
        ilmd={"mill:how": {"text": SECRET}, "cbvmda:countryOfOrigin": "IT"}, **{"mill:press": SECRET},
    )  # fmt: skip
    (name,) = await privacy.capture(event)
    text = await stored(privacy)
    assert SECRET not in text
    assert "c.example" not in text
    assert "IT" in text
    shown = await privacy.harness.query("GetTraceEvent", pb.GetTraceEventRequest(name=name))
    # Byte for byte what was sent, so that its hash is the event's.
    assert shown.document == json.dumps(event).encode()
    (read,) = EventReader(BytesIO(document(json.loads(shown.document), **{"@context": CONTEXT}))).read()
    assert (await privacy.proof(name)).event_hash == read.hash
    assert "mill:press" not in await privacy.get(name, parties=(OTHER,))
    assert await privacy.get(name, role="regulator") == event


@pytest.mark.parametrize(("kind", "subject"), [("owner", {"party": MILL}), ("item", {"item": LOT})])
async def test_an_erasure_erases_and_every_proof_still_holds(
    privacy: Privacy, kind: str, subject: dict[str, str]
) -> None:
    await privacy.set(fields=sealed_for(kind, f"{{{NS}}}*"))
    event = lot_event(
        2, "shipping", "https://id.gs1.org/414/9521141000014", **sold(MILL, SHOP), **{"mill:press": SECRET}
    )
    other = lot_event(3, "shipping", "https://id.gs1.org/414/9521141000038", **{"mill:press": "other"})
    other["quantityList"] = [{"epcClass": f"{LOT}0"}]
    name, beside = await privacy.capture(event, other)
    root, size = await public(privacy, name)
    before = await privacy.proof(name)
    assert SECRET in str(before)
    assert await erase(privacy, **subject) == 1
    assert await erase(privacy, **subject) == 0
    shown = await privacy.get(name)
    assert shown == {key: value for key, value in event.items() if key != "mill:press"}
    after = await privacy.proof(name)
    assert SECRET not in str(after)
    assert len(after.fields) == len(before.fields) - 1
    # What was given out before holds as well: it cannot be taken back.
    assert all(holds(proof, root, size) for proof in (before, after, await privacy.proof(name, parties=(OTHER,))))
    assert await public(privacy, name) == (root, size)
    assert SECRET not in str(reading.__dict__)
    # The other's key is another.
    assert (await privacy.get(beside))["mill:press"] == "other"
    erased = [one for one in await privacy.harness.published() if isinstance(one, events_pb2.TraceDataErased)]
    assert [one.kind for one in erased] == [next(iter(subject))]
    assert (erased[0].subject == LOT) == (kind == "item")
    assert MILL not in str(erased)


async def test_what_comes_after_an_erasure_has_a_new_key(privacy: Privacy) -> None:
    await privacy.set(fields=sealed_for("item", f"{{{NS}}}*"))
    (first,) = await privacy.capture(EVENTS[1])
    await erase(privacy, item=LOT)
    (second,) = await privacy.capture(EVENTS[2])
    assert "mill:press" not in await privacy.get(first)
    assert (await privacy.get(second))["mill:press"] == "press 3"
    assert await erase(privacy, item=LOT) == 1
    assert "mill:press" not in await privacy.get(second)


async def test_one_key_of_many_is_enough(privacy: Privacy) -> None:
    await privacy.set(fields=sealed_for("item", f"{{{NS}}}*"))
    items = [f"https://id.gs1.org/01/09521141123454/21/{number}" for number in range(3)]
    event = {key: value for key, value in EVENTS[1].items() if key != "quantityList"} | {"epcList": items}
    (name,) = await privacy.capture(event)
    assert "mill:press" in await privacy.get(name)
    assert await erase(privacy, item=items[1]) == 1
    assert "mill:press" not in await privacy.get(name)


async def test_too_many_items_have_no_key_together(privacy: Privacy) -> None:
    await privacy.set(fields=sealed_for("item", f"{{{NS}}}*"))
    items = [f"https://id.gs1.org/01/09521141123454/21/{number}" for number in range(101)]
    event = {key: value for key, value in EVENTS[1].items() if key != "quantityList"} | {"epcList": items}
    with pytest.raises(EpcisError, match="TOO_MANY_ITEMS_TO_SEAL"):
        await privacy.capture(event)
    del event["mill:press"]
    assert await privacy.capture(event)


async def test_who_reports_owns_what_names_no_owner(privacy: Privacy) -> None:
    await privacy.set(fields=sealed_for("owner", f"{{{NS}}}*"))
    mine, yours = [(await privacy.capture(EVENTS[n], actor=actor))[0] for n, actor in ((0, "ann"), (2, "bo"))]
    with pytest.raises(Refusal, match="NOTHING_SEALED"):
        await erase(privacy, party=OTHER)
    assert await erase(privacy, reporter="ann") == 1
    assert "mill:press" not in await privacy.get(mine)
    assert "mill:press" in await privacy.get(yours)
    with pytest.raises(Refusal, match="NO_SUBJECT"):
        await erase(privacy)


async def test_a_restored_copy_of_the_store_reads_no_more(privacy: Privacy, tmp_path: Path) -> None:
    await privacy.set(fields=sealed_for("owner", f"{{{NS}}}*"))
    (name,) = await privacy.capture(EVENTS[1])
    root, size = await public(privacy, name)
    copy = tmp_path / "copy.db"
    await privacy.harness.log.read(lambda reader: reader.all("SELECT 1"))
    await privacy.harness.log.write(lambda tx: None)
    for suffix in ("", "-wal"):
        source = tmp_path / f"traceability.db{suffix}"
        if source.exists():
            shutil.copy(source, f"{copy}{suffix}")
    await erase(privacy, party=MILL)
    others = privacy.harness.settings.others
    async with Harness(
        SERVICE, tmp_path, url=f"sqlite:///{copy}", **{k: v for k, v in others.items() if v}
    ) as restored:
        old = Privacy(restored)
        assert not [one for one in await restored.published() if isinstance(one, events_pb2.TraceDataErased)]
        assert "mill:press" not in await old.get(name)
        assert holds(await old.proof(name), root, size)
        # Said again there, it is on record there too.
        assert await erase(old, party=MILL) == 1


async def test_rebuilt_views_are_the_same_after_an_erasure(privacy: Privacy) -> None:
    def rows(reader: Reader) -> list[tuple[Any, ...]]:
        tables = [table for view in SERVICE.views for table in view.tables]
        return sorted((table, *row) for table in tables for row in reader.all(f"SELECT * FROM {table}"))

    await privacy.set(fields=sealed_for("owner", f"{{{NS}}}*", f"ilmd/{{{NS}}}*"))
    await privacy.capture(*EVENTS)
    live = await privacy.harness.log.read(rows)
    await erase(privacy, party=MILL)
    await privacy.harness.log.rebuild()
    assert await privacy.harness.log.read(rows) == live


async def test_what_was_mended_is_sealed_whole(privacy: Privacy) -> None:
    await privacy.set(fields=sealed_for("owner", f"{{{NS}}}*"))
    event = {**EVENTS[1], "bizStep": "urn:epcglobal:cbv:bizstep:shipping", "epcList": None, "mill:press": SECRET}
    body = document(event, **{"@context": CONTEXT})
    (read,) = EventReader(BytesIO(body), Profile.LENIENT).read()
    assert read.mended
    harness = privacy.harness
    sealing = await harness.log.read(lambda reader: sealing_of(reader, harness.running.use(Secrets), "olives", "ann"))
    ready = [
        one
        for one in prepare(EventReader(BytesIO(body), Profile.LENIENT), "olives", sealing)
        if isinstance(one, Prepared)
    ]
    sealed = seal(ready, sealing)
    await harness.log.write(lambda tx: store(tx, sealed, Meta("olives", "ann")))
    assert SECRET not in await stored(privacy)
    name = f"{PARENT}/traceEvents/{sealed[0].stream}"
    shown = await harness.query("GetTraceEvent", pb.GetTraceEventRequest(name=name))
    assert shown.document.decode() == read.text
    await erase(privacy, party=MILL)
    assert SECRET not in str(await privacy.get(name))


async def test_every_event_is_committed_to(privacy: Privacy) -> None:
    request = pb.CaptureRequest(parent=PARENT, document=OLIVE_OIL)
    names = (await privacy.harness.command("Capture", request)).trace_events
    for name in names:
        root, size = await public(privacy, name)
        for caller in ({}, {"parties": ("https://stranger.example/",), "actor": "a stranger"}):
            proof = await privacy.proof(name, **caller)
            assert holds(proof, root, size)
            assert not holds(proof, root, size + 1)
        assert len((await privacy.proof(name)).fields) == size
        assert 0 < len(proof.fields) < size


async def test_without_a_key_store_nothing_can_be_sealed(tmp_path: Path) -> None:
    async with Harness(SERVICE, tmp_path) as harness:
        bare = Privacy(harness)
        with pytest.raises(Refusal, match="NO_KEY_STORE"):
            await bare.set(fields=sealed_for("owner", f"{{{NS}}}*"))
        with pytest.raises(Refusal, match="NO_KEY_STORE"):
            await erase(bare, item=LOT)
        assert (await bare.set(fields=[REST])).version == 1
