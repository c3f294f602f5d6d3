"""Names and envelopes."""

import json
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from nats.errors import TimeoutError as NatsTimeoutError

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.membership.v1 import events_pb2 as membership
from libs.eventbus import (
    Connection,
    Place,
    Received,
    parse,
    permissions,
    public_events,
    stream_name,
    subject,
)
from libs.eventbus.jetstream import api
from libs.eventbus.tests.support import (
    PUBLISHES,
    WHEN,
    Enrolled,
    Moved,
    NatsServer,
    Noted,
    arrived,
    consumer,
    enrol,
    open_source,
    open_target,
    relay,
    running,
)
from libs.eventlog import Meta, Recorded

META = Meta("shop", 'Zoë "the actor"\r\nX: 100%', "r 1", "c:1", "", b"\x00\xff")


def recorded(event: object, position: int, meta: Meta = META) -> Recorded[object]:
    return Recorded(event, uuid.uuid4(), uuid.uuid4(), 1, position, meta, WHEN, WHEN + timedelta(1), 3)


def test_names() -> None:
    key = str(uuid.uuid4())
    name = subject("fenxiao.api.chain_bridge.v2.EPCISRootProposed", "shop-1", key)
    assert name == f"fx.chain_bridge.epcis_root_proposed.v2.shop-1.{key}"
    assert parse(name) == ("chain_bridge", "epcis_root_proposed", 2, "shop-1", key)
    assert stream_name("chain_bridge") == "FX_CHAIN_BRIDGE"


@pytest.mark.parametrize("bad", ["", "a.b", "*", ">", "a b", "a\r\nPUB", "x" * 129, "中"])
def test_a_token_cannot_break_out_of_a_subject(bad: str) -> None:
    with pytest.raises(ValueError, match="token"):
        subject("fenxiao.api.membership.v1.MemberEnrolled", bad, "key")
    with pytest.raises(ValueError, match="token"):
        subject("fenxiao.api.membership.v1.MemberEnrolled", "shop", bad)


def test_only_public_packages_have_subjects() -> None:
    with pytest.raises(ValueError, match="not a public event"):
        subject("google.protobuf.Timestamp", "shop", "key")
    with pytest.raises(ValueError, match="not a subject"):
        parse("fx.membership.member_enrolled.shop.key")


def test_the_envelope_comes_through_whole() -> None:
    events = [recorded(Enrolled(number=1), 5), recorded(Noted(text="x"), 6), recorded(Moved(number=2), 7)]
    first, second, third = public_events("membership", "s1", events, PUBLISHES, "s1:4:0")
    received = [Received(out.subject, out.headers(), out.payload, "commission") for out in (first, second, third)]
    assert [str(one.place) for one in received] == ["s1:5:0", "s1:7:0", "s1:7:1"]
    assert [one.previous for one in received] == ["s1:4:0", "s1:5:0", "s1:7:0"]
    assert [one.last for one in received] == [True, False, True]
    one = received[0]
    assert one.event == membership.MemberEnrolled(member=str(events[0].stream), payee="1")
    assert (one.id, one.key, one.programme, one.source) == (events[0].id, str(events[0].stream), "shop", "membership")
    assert (one.actor, one.request_id, one.correlation_id, one.causation_id) == (META.actor, "r 1", "c:1", "")
    assert (one.occurred_at, one.recorded_at, one.schema_version) == (WHEN, WHEN + timedelta(1), 3)
    assert one.signature == META.signature
    assert one.cause() == Meta("shop", "service:commission", "", "c:1", str(one.id))
    assert len({out.id for out in (first, second, third)}) == 3
    assert first.headers()["ce-specversion"] == "1.0"
    assert all(value.isascii() and value.isprintable() for value in first.headers().values())


def test_the_event_api_says_the_same() -> None:
    (out,) = public_events("membership", "s1", [recorded(Enrolled(number=1), 5)], PUBLISHES, "s1:4:0")
    event = out.event()
    received = Received(out.subject, out.headers(), out.payload, "x")
    assert (event.id, event.source, event.type, event.subject) == (
        str(received.id),
        received.source,
        received.type,
        received.subject,
    )
    assert (event.position, event.previous_position) == (str(received.place), received.previous)
    assert event.occur_time.ToDatetime(WHEN.tzinfo) == received.occurred_at
    assert (event.actor, event.request_id, event.signature) == (META.actor, "r 1", META.signature)
    message = membership.MemberEnrolled()
    assert event.data.Unpack(message)
    assert message == received.event


def test_a_service_publishes_its_own_events_only() -> None:
    with pytest.raises(ValueError, match="membership cannot publish"):
        public_events("membership", "s", [recorded(Noted(text=""), 1)], {Noted: lambda _: [commission.PlanPublished()]})


@pytest.mark.parametrize(
    ("raw", "headers"),
    [
        (b"a: 1\r\nce-b: x: y\r\n\r\n", {"a": "1", "ce-b": "x: y"}),
        (b"a:1\r\nb:  2 \r\n\r\n", {"a": "1", "b": "2"}),
        (b"a: \xff\r\n\r\n", {"a": "\ufffd"}),
    ],
)
def test_headers_are_read_in_our_form_and_in_others(raw: bytes, headers: dict[str, str]) -> None:
    assert Connection._parse_header_lines(raw) == headers  # pyright: ignore[reportPrivateUsage] # what it is for


def test_places_are_ordered() -> None:
    assert Place("s", 9, 1) < Place("s", 10, 0) < Place("s", 10, 1)
    assert Place.parse("s:10:1") == Place("s", 10, 1)


async def test_a_service_may_do_what_it_needs_and_no_more(tmp_path: Path) -> None:
    users = [
        {"user": service, "password": "pw", "permissions": permissions(service, sources)}
        for service, sources in (("membership", list[str]()), ("commission", ["membership"]))
    ]
    account = {"jetstream": "enabled", "users": users}
    server = NatsServer(tmp_path / "nats", users=f"accounts: {json.dumps({'A': account})}\n")
    await server.start()
    source, target = open_source(tmp_path), open_target(f"sqlite:///{tmp_path}/c.db")
    sender, receiver = [await server.connect(name, user=name, password="pw") for name in ("membership", "commission")]
    try:
        async with running(relay(source, sender), receiving := consumer(target, receiver)):
            await enrol(source, 10)
            assert await receiving.wait_for(source.store_id, 10, 30)
        assert len(await arrived(target)) == 10
        forged = (await source.read(lambda reader: reader.after(0, 1)))[0]
        (event,) = public_events("membership", "forged", [forged], PUBLISHES)
        with pytest.raises(NatsTimeoutError):
            await receiver.request(event.subject, event.payload, timeout=0.3, headers=event.headers())
        for verb in ("STREAM.DELETE.FX_MEMBERSHIP", "STREAM.PURGE.FX_MEMBERSHIP", "CONSUMER.DELETE.FX_MEMBERSHIP.x"):
            with pytest.raises(NatsTimeoutError):
                await receiver.request(f"$JS.API.{verb}", b"", timeout=0.3)
        assert (await api(sender, "STREAM.INFO.FX_MEMBERSHIP"))["state"]["last_seq"] == 10
    finally:
        await sender.close()
        await receiver.close()
        await source.close()
        await target.close()
        await server.kill()
