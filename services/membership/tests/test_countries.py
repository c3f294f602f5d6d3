"""Countries: sealed, and in the open only where the programme has said so, once and for good."""

import secrets
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from fenxiao.api.membership.v1 import events_pb2
from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog.encryption import KeyStore
from libs.servicekit.times import to_timestamp
from services.membership.domain.country import (
    CODES,
    Living,
    code_of,
    decide_change_country,
    decide_disclose,
    lived,
    still_to_disclose,
)
from services.membership.domain.events import CountriesDisclosed, CountryChanged, CountryDisclosed
from services.membership.domain.programme import Programme
from services.membership.tests.conftest import PARENT, START, Membership, day, new_member

ANN = UUID(int=1)
NOW = datetime(2026, 7, 1, tzinfo=UTC)
SHOP = Programme("shop", "A shop", "GBP", "Europe/London", START)
OPEN_SHOP = Programme("shop", "A shop", "GBP", "Europe/London", START, discloses_countries=True)


def living(at: float, country: str) -> Living:
    return Living(day(at), country)


def change(known: list[Living], wanted: Living, programme: Programme = SHOP) -> list[Any]:
    return list(decide_change_country(ANN, known, wanted, programme, NOW, lambda code: f"sealed {code}"))


def disclosed(at: float, country: str) -> CountryDisclosed:
    return CountryDisclosed(member=ANN, country=country, effective_time=day(at))


# --- decisions


def test_codes() -> None:
    assert len(CODES) == 249
    assert [code_of(text) for text in ("GB", "gb", "CN", "UK", "ZZ", "", "GBR", "United Kingdom", "\u00df")] == [
        *("GB", "GB", "CN"),
        *[""] * 6,
    ]


def test_a_programme_discloses_once() -> None:
    assert decide_disclose(SHOP) == [CountriesDisclosed(programme="shop")]
    assert decide_disclose(OPEN_SHOP) == []


def test_a_change_is_sealed_and_published_only_where_the_programme_discloses() -> None:
    sealed = CountryChanged(member=ANN, country="sealed FR", effective_time=day(9))
    assert change([living(1, "GB")], living(9, "fr")) == [sealed]
    assert change([living(1, "GB")], living(9, "FR"), OPEN_SHOP) == [sealed, disclosed(9, "FR")]


@pytest.mark.parametrize(
    ("known", "wanted", "is_new"),
    [
        ([living(1, "GB")], living(9, "GB"), False),
        ([living(1, "gb")], living(9, "GB"), False),
        ([living(1, "GB"), living(9, "FR")], living(9, "FR"), False),
        ([living(1, "GB"), living(9, "FR")], living(5, "GB"), False),
        ([living(1, "GB"), living(9, "FR")], living(9, "GB"), True),  # corrects it
        ([living(1, "GB"), living(9, "FR")], living(5, "FR"), True),
        ([living(1, "GB"), living(9, "FR")], living(12, "GB"), True),  # and back
        ([living(1, "")], living(1, "GB"), True),
        ([living(1, "United Kingdom")], living(1, "GB"), True),
    ],
)
def test_living_there_already_is_no_change(known: list[Living], wanted: Living, is_new: bool) -> None:
    assert bool(change(known, wanted)) == is_new


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (living(9, "Lummerland"), "INVALID_COUNTRY"),
        (living(9, ""), "INVALID_COUNTRY"),
        (living(0, "FR"), "BEFORE_JOINING"),
        (living(300, "FR"), "MOVED_IN_FUTURE"),
    ],
)
def test_a_change_that_cannot_be(wanted: Living, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        change([living(1, "GB")], wanted)
    assert caught.value.reason == reason


def test_the_last_word_on_a_moment_counts() -> None:
    moves = [living(9, "FR"), living(5, "DE"), living(9, "CN"), living(1, "GB")]
    assert lived(living(1, "Britain"), moves) == [living(1, "GB"), living(5, "DE"), living(9, "CN")]


def test_what_was_published_is_not_published_again() -> None:
    known = [living(1, "gb"), living(5, "Lummerland"), living(9, "FR")]
    assert still_to_disclose(ANN, known, []) == [disclosed(1, "GB"), disclosed(9, "FR")]
    assert still_to_disclose(ANN, known, [disclosed(1, "GB")]) == [disclosed(9, "FR")]
    assert still_to_disclose(ANN, known, [disclosed(1, "GB"), disclosed(9, "FR"), disclosed(9, "CN")]) == [
        disclosed(9, "FR")
    ]
    assert still_to_disclose(ANN, [living(1, "")], []) == []


# --- through the service


async def disclose(shop: Membership, size: int = 0) -> tuple[int, list[str]]:
    """Every page of it: how many were disclosed, and who cannot be."""
    request = pb.DiscloseCountriesRequest(name=PARENT, page_size=size)
    pages: list[pb.DiscloseCountriesResponse] = []
    while not pages or request.page_token:
        pages.append(await shop.harness.command("DiscloseCountries", request))
        request.page_token = pages[-1].next_page_token
    return sum(page.disclosed for page in pages), [name for page in pages for name in page.unreadable]


async def move(shop: Membership, name: str, country: str, at: float) -> pb.Member:
    request = pb.ChangeCountryRequest(name=name, country=country, effective_time=to_timestamp(day(at)))
    return await shop.harness.command("ChangeCountry", request)


async def published(shop: Membership) -> list[tuple[str, str, float]]:
    """Member, country and day, in order."""
    return [
        (event.member, event.country, (event.effective_time.ToDatetime(START.tzinfo) - START).total_seconds() / 86400)
        for event in await shop.harness.published()
        if isinstance(event, events_pb2.CountryDisclosed)
    ]


def id_of(name: str) -> str:
    return name.rpartition("/")[2]


async def test_a_change_is_shown_to_who_may_and_to_nobody_else(shop: Membership) -> None:
    name = (await shop.enrol("A", country="United Kingdom", display_name="Ann")).name
    others = await shop.harness.published()
    assert [(await move(shop, name, "FR", 5)).country for _ in range(2)] == ["", ""]
    await move(shop, name, "DE", 3)  # told late
    assert [(await shop.member(name)).country, (await shop.member(name)).display_name] == ["FR", "Ann"]
    listed = await shop.harness.query("ListMembers", pb.ListMembersRequest(parent=PARENT))
    assert [member.country for member in listed.members] == ["FR"]
    assert (await shop.topics())[2:] == ["CountryChanged", "CountryChanged"]
    assert await shop.harness.published() == others, "nothing is published in a programme that discloses nothing"
    await shop.harness.log.rebuild()
    assert (await shop.member(name)).country == "FR"
    # The enrolment is what it was: a file can be imported again.
    assert (await shop.enrol("A", country="United Kingdom", display_name="Ann")).name == name


async def test_an_undisclosed_country_stands_nowhere_in_clear(shop: Membership) -> None:
    names = [(await shop.enrol(str(n), country="GB")).name for n in range(20)]
    for name in names:
        await move(shop, name, "FR", 5)
    changes = [one.event for one in await shop.harness.recorded() if isinstance(one.event, CountryChanged)]
    assert len({event.country for event in changes}) == 20, "nobody can tell that they have moved to the same one"
    assert b'"country":"FR"' not in shop.stored_bytes()
    assert b'"country":"GB"' not in shop.stored_bytes()
    assert await published(shop) == []
    assert (
        len({one.event.country for one in await shop.harness.recorded() if isinstance(one.event, CountryChanged)}) == 20
    )


async def test_who_is_there_is_disclosed_page_by_page(shop: Membership) -> None:
    countries = ["GB", "cn", "", "Lummerland", "FR", "GB", "DE"]
    results = await shop.batch([new_member(str(n), country=country) for n, country in enumerate(countries)])
    names = [result.name for result in results]
    await move(shop, names[0], "FR", 5)
    shown = await shop.harness.query("GetProgramme", pb.GetProgrammeRequest(name=PARENT))
    assert not shown.countries_disclosed
    assert await disclose(shop, 3) == (5, [names[3]])
    shown = await shop.harness.query("GetProgramme", pb.GetProgrammeRequest(name=PARENT))
    assert shown.countries_disclosed
    ids = [id_of(name) for name in names]
    told = [
        (ids[0], "GB", 1),
        (ids[0], "FR", 5),
        (ids[1], "CN", 1),
        (ids[4], "FR", 1),
        (ids[5], "GB", 1),
        (ids[6], "DE", 1),
    ]
    assert await published(shop) == told
    # Again, in other pages: nothing twice.
    assert await disclose(shop) == (0, [names[3]])
    assert await published(shop) == told
    assert (await shop.topics()).count("CountriesDisclosed") == 1
    # What was unreadable is put right.
    await move(shop, names[3], "CN", 1)
    assert (await published(shop))[-1] == (ids[3], "CN", 1)
    assert await disclose(shop) == (0, [])
    await shop.harness.log.rebuild()
    shown = await shop.harness.query("GetProgramme", pb.GetProgrammeRequest(name=PARENT))
    assert shown.countries_disclosed


async def test_what_comes_between_two_pages_is_disclosed_once(shop: Membership) -> None:
    results = await shop.batch([new_member(str(n), country="GB") for n in range(3)])
    first = await shop.harness.command("DiscloseCountries", pb.DiscloseCountriesRequest(name=PARENT, page_size=1))
    assert first.next_page_token
    last = results[2].name
    await move(shop, last, "FR", 4)
    late = (await shop.enrol("late", country="DE")).name
    request = pb.DiscloseCountriesRequest(name=PARENT, page_token=first.next_page_token)
    rest = await shop.harness.command("DiscloseCountries", request)
    assert (rest.disclosed, rest.next_page_token) == (2, "")
    assert sorted(await published(shop)) == sorted(
        [
            *((id_of(result.name), "GB", 1) for result in results),
            (id_of(last), "FR", 4),
            (id_of(late), "DE", 1),
        ]
    )


async def test_from_then_on_new_members_come_with_their_country(shop: Membership) -> None:
    old = (await shop.enrol("old", country="Lummerland")).name
    await disclose(shop)
    name = (await shop.enrol("A", joined=2, country="gb")).name
    await shop.enrol("B")
    assert await published(shop) == [(id_of(name), "GB", 2)]
    with pytest.raises(Refusal, match="INVALID_COUNTRY"):
        await shop.enrol("C", country="Lummerland")
    # Who was there before is still the same member.
    assert (await shop.enrol("old", country="Lummerland")).name == old
    results = await shop.batch([new_member("D", country="FR"), new_member("E", country="Atlantis")], validate_only=True)
    assert [result.problem.reason for result in results] == ["", "INVALID_COUNTRY"]
    assert len(await published(shop)) == 1
    await move(shop, name, "FR", 8)
    assert (await published(shop))[1:] == [(id_of(name), "FR", 8)]


async def test_nothing_else_is_disclosed_with_it(shop: Membership) -> None:
    reference, name, email = (secrets.token_hex(8) for _ in range(3))
    for suffix in ("", "-2"):
        await shop.enrol(reference + suffix, display_name=name, email=f"{email}@example.org", country="GB")
        await disclose(shop)
    assert len(await published(shop)) == 2
    for clear in (reference, name, email):
        assert clear.encode() not in shop.stored_bytes()
        assert all(clear.encode() not in event.SerializeToString() for event in await shop.harness.published())


async def test_of_who_was_erased_nothing_more_is_told_or_said(shop: Membership) -> None:
    name = (await shop.enrol("A", country="GB")).name
    shop.harness.running.use(KeyStore).destroy(id_of(name))
    assert await disclose(shop) == (0, [])
    assert await published(shop) == []
    with pytest.raises(Refusal, match="MEMBER_ERASED"):
        await move(shop, name, "FR", 5)


async def test_what_was_disclosed_stays_so_when_the_key_is_gone(shop: Membership) -> None:
    name = (await shop.enrol("A", country="GB")).name
    await disclose(shop)
    await move(shop, name, "FR", 5)
    shop.harness.running.use(KeyStore).destroy(id_of(name))
    assert [country for _, country, _ in await published(shop)] == ["GB", "FR"]
    assert (await shop.member(name)).country == ""


@pytest.mark.parametrize(("size", "token", "reason"), [(-1, "", "INVALID_PAGE_SIZE"), (0, "x", "INVALID_PAGE_TOKEN")])
async def test_pages_that_are_none(shop: Membership, size: int, token: str, reason: str) -> None:
    request = pb.DiscloseCountriesRequest(name=PARENT, page_size=size, page_token=token)
    with pytest.raises(Refusal) as caught:
        await shop.harness.command("DiscloseCountries", request)
    assert caught.value.reason == reason
    assert await shop.topics() == ["ProgrammeCreated"]


async def test_what_is_missing_is_said(shop: Membership) -> None:
    name = (await shop.enrol("A")).name
    with pytest.raises(Refusal, match="TIME_MISSING"):
        await shop.harness.command("ChangeCountry", pb.ChangeCountryRequest(name=name, country="GB"))
    with pytest.raises(Refusal, match="PROGRAMME_NOT_FOUND"):
        await shop.harness.command("DiscloseCountries", pb.DiscloseCountriesRequest(name="programmes/nowhere"))
