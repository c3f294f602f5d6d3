"""Imports against services that keep what they are sent, and refuse what real ones refuse."""

import csv
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from fenxiao.api.commission.v1 import commission_pb2, commission_pb2_grpc
from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import membership_pb2, membership_pb2_grpc
from fenxiao.client import Client
from fenxiao.client.imports import ImportResult, Progress, import_members, import_sales
from fenxiao.errors import Refusal

HEADER = "member_id,sponsor_id,joined_at,name,email,country,wallet\n"
SALES = "sale_id,member_id,kind,occurred_at,amount,currency,original_sale_id,sale_class\n"

TAKEN = common_pb2.ItemResult(outcome=common_pb2.OUTCOME_TAKEN)
REPEATED = common_pb2.ItemResult(outcome=common_pb2.OUTCOME_REPEATED)


def refused(reason: str) -> common_pb2.ItemResult:
    problem = common_pb2.Problem(reason=reason, message=f"refused as {reason}")
    return common_pb2.ItemResult(outcome=common_pb2.OUTCOME_REFUSED, problem=problem)


@dataclass
class Books:
    members: dict[str, Any] = field(default_factory=dict[str, Any])
    sales: dict[str, Any] = field(default_factory=dict[str, Any])
    batches: list[int] = field(default_factory=list[int])
    lookups: int = 0


class Membership(membership_pb2_grpc.MembershipServiceServicer):
    def __init__(self, books: Books) -> None:
        self.books = books

    async def BatchEnrolMembers(self, request: Any, context: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        known = dict(self.books.members)
        results = [self._enrol(known, member) for member in request.members]
        if not request.validate_only:
            self.books.members = known
            self.books.batches.append(len(request.members))
        return membership_pb2.BatchEnrolMembersResponse(results=results)

    def _enrol(self, known: dict[str, Any], member: Any) -> common_pb2.ItemResult:
        if member.reference in known:
            return REPEATED if known[member.reference] == member else refused("MEMBER_DIFFERS")
        if member.sponsor_reference and member.sponsor_reference not in known:
            return refused("UNKNOWN_SPONSOR")
        if "@" not in (member.email or "@"):
            return refused("INVALID_EMAIL")
        known[member.reference] = member
        return TAKEN

    async def ResolveMembers(self, request: Any, context: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.books.lookups += len(request.references)
        entry = membership_pb2.ResolveMembersResponse.Entry
        found = [entry(reference=r, name=f"{request.parent}/members/{r}") for r in request.references]
        return membership_pb2.ResolveMembersResponse(members=[e for e in found if e.reference in self.books.members])


class Commission(commission_pb2_grpc.CommissionServiceServicer):
    def __init__(self, books: Books) -> None:
        self.books = books

    async def BatchRecordSales(self, request: Any, context: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        known = dict(self.books.sales)
        results = [self._record(known, sale) for sale in request.sales]
        if not request.validate_only:
            self.books.sales = known
            self.books.batches.append(len(request.sales))
        return commission_pb2.BatchRecordSalesResponse(results=results)

    def _record(self, known: dict[str, Any], sale: Any) -> common_pb2.ItemResult:
        if sale.reference in known:
            return REPEATED if known[sale.reference] == sale else refused("SALE_DIFFERS")
        if sale.original_reference and sale.original_reference not in known:
            return refused("UNKNOWN_SALE")
        if sale.currency != "GBP":
            return refused("WRONG_CURRENCY")
        known[sale.reference] = sale
        return TAKEN


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
async def client(books: Books) -> AsyncIterator[Client]:
    server = grpc.aio.server()
    membership = Membership(books)  # pyright: ignore[reportAbstractUsage] - abstract in the stubs only
    commission = Commission(books)  # pyright: ignore[reportAbstractUsage] - the same
    membership_pb2_grpc.add_MembershipServiceServicer_to_server(membership, server)
    commission_pb2_grpc.add_CommissionServiceServicer_to_server(commission, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    async with Client({"membership": address, "commission": address}) as client:
        yield client
    await server.stop(None)


def counts(result: ImportResult) -> tuple[int, int, int]:
    return result.taken, result.repeated, result.refused


def reasons(result: ImportResult) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.id, problem.reason) for problem in result.problems]


def members_file(path: Path, lines: Sequence[str]) -> Path:
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def chain(count: int) -> list[str]:
    """Members each below the one before."""
    return [f"m{n},{f'm{n - 1}' if n else ''},2010-12-01T{n // 3600:02}:00:00Z,,,," for n in range(count)]


async def test_members_go_in_once(client: Client, books: Books, tmp_path: Path) -> None:
    file = members_file(tmp_path / "members.csv", chain(1_203))
    seen: list[Progress] = []
    assert counts(await import_members(client, "gifts", file, report=seen.append)) == (1_203, 0, 0)
    assert list(books.members) == [f"m{n}" for n in range(1_203)]
    assert books.batches == [500, 500, 203]
    assert (seen[-1].lines, seen[-1].bytes_read) == (1_203, file.stat().st_size)
    assert counts(await import_members(client, "gifts", file)) == (0, 1_203, 0)


async def test_bad_lines_are_named_and_the_good_ones_go_in(client: Client, books: Books, tmp_path: Path) -> None:
    lines = [
        "m0,,2010-12-01T00:00:00Z,Ann,ann@example.org,UK,",
        "m1,nobody,2010-12-01T00:00:00Z,,,,",
        "m2,m0,1 Dec 2010,,,,",
        "m3,m0",
        "m0,,2010-12-01T00:00:00Z,Another,,,",
        "m4,m0,2010-12-01T00:00:00Z,,,,",
    ]
    rejects = tmp_path / "rejects.csv"
    result = await import_members(client, "gifts", members_file(tmp_path / "m.csv", lines), rejects=rejects)
    assert counts(result) == (2, 0, 4)
    assert reasons(result) == [
        (3, "m1", "UNKNOWN_SPONSOR"),
        (4, "m2", "INVALID_TIME"),
        (5, "", "WRONG_FIELD_COUNT"),
        (6, "m0", "MEMBER_DIFFERS"),
    ]
    assert list(books.members) == ["m0", "m4"]
    with rejects.open(encoding="utf-8", newline="") as file:
        assert [(row["line"], row["reason"]) for row in csv.DictReader(file)] == [
            (str(line), reason) for line, _, reason in reasons(result)
        ]


async def test_the_list_of_refused_lines_is_bounded(client: Client, tmp_path: Path) -> None:
    lines = [f"m{n},nobody,2010-12-01T00:00:00Z,,,," for n in range(1_500)]
    result = await import_members(client, "gifts", members_file(tmp_path / "m.csv", lines))
    assert (result.refused, len(result.problems)) == (1_500, 1_000)


async def test_all_or_nothing_takes_a_good_file_whole(client: Client, books: Books, tmp_path: Path) -> None:
    lines = chain(1_203)
    file = members_file(tmp_path / "m.csv", [*lines, lines[3]])
    result = await import_members(client, "gifts", file, all_or_nothing=True)
    assert (counts(result), result.applied) == ((1_203, 1, 0), True)
    assert len(books.members) == 1_203


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("x,nobody,2010-12-02T00:00:00Z,,,,", "UNKNOWN_SPONSOR"),
        ("x,m7,2009-12-02T00:00:00Z,,,,", "SPONSOR_JOINED_LATER"),
        ("x,m7,2010-12-02T00:00:00Z,,no address,,", "INVALID_EMAIL"),
        ("m3,,2010-12-02T00:00:00Z,,,,", "MEMBER_DIFFERS"),
        ('x,m7,"2010-12-02T00:00:00Z,,,,', "BROKEN_CSV"),
    ],
)
async def test_all_or_nothing_takes_nothing_of_a_bad_file(
    client: Client, books: Books, tmp_path: Path, bad: str, reason: str
) -> None:
    file = members_file(tmp_path / "m.csv", [*chain(700), bad, "last,m1,2010-12-02T00:00:00Z,,,,"])
    result = await import_members(client, "gifts", file, all_or_nothing=True)
    assert (counts(result), result.applied) == ((0, 0, 1), False)
    assert [(line, why) for line, _, why in reasons(result)] == [(702, reason)]
    assert not books.members
    assert not books.batches


async def test_a_file_with_another_header_is_refused(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("member_id,joined_at\n", encoding="utf-8")
    with pytest.raises(Refusal, match="sponsor_id"):
        await import_members(client, "gifts", path)


# --- sales


async def members(client: Client, tmp_path: Path, count: int = 10) -> None:
    await import_members(client, "gifts", members_file(tmp_path / "members.csv", chain(count)))


def sales_file(path: Path, lines: Sequence[str]) -> Path:
    path.write_text(SALES + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def sale(number: int, member: str = "m1", amount: str = "10.00") -> str:
    return f"s{number},{member},sale,2010-12-05T10:00:00Z,{amount},GBP,,retail"


def returned(number: int, of: str, amount: str = "1.00", member: str = "m1") -> str:
    return f"r{number},{member},return,2010-12-06T10:00:00Z,{amount},GBP,{of},"


async def test_sales_are_credited_to_the_members_looked_up(client: Client, books: Books, tmp_path: Path) -> None:
    await members(client, tmp_path)
    file = sales_file(tmp_path / "s.csv", [sale(n, f"m{n % 10}") for n in range(1_100)])
    assert counts(await import_sales(client, "gifts", file)) == (1_100, 0, 0)
    found = books.sales["s7"]
    assert (found.member, found.amount) == ("programmes/gifts/members/m7", "10.00")
    assert (found.kind, found.sale_class) == (commission_pb2.SALE_KIND_SALE, commission_pb2.SALE_CLASS_RETAIL)
    assert books.lookups == 10, "each member is looked up once"
    assert counts(await import_sales(client, "gifts", file)) == (0, 1_100, 0)


async def test_sales_of_unknown_members_and_of_unknown_kinds_are_refused(
    client: Client, books: Books, tmp_path: Path
) -> None:
    await members(client, tmp_path)
    lines = [
        sale(1),
        sale(2, "stranger"),
        "s3,m1,gift,2010-12-05T10:00:00Z,1,GBP,,",
        "s4,m1,sale,2010-12-05T10:00:00Z,1,GBP,,wholesale",
        "s5,,sale,2010-12-05T10:00:00Z,1,GBP,,",
        returned(1, "s1"),
    ]
    result = await import_sales(client, "gifts", sales_file(tmp_path / "s.csv", lines))
    assert reasons(result) == [
        (3, "s2", "UNKNOWN_MEMBER"),
        (4, "s3", "INVALID_KIND"),
        (5, "s4", "INVALID_SALE_CLASS"),
        (6, "s5", "UNKNOWN_MEMBER"),
    ]
    assert list(books.sales) == ["s1", "r1"]


async def test_all_or_nothing_knows_the_sales_of_earlier_lines(client: Client, books: Books, tmp_path: Path) -> None:
    await members(client, tmp_path)
    lines = [*(sale(n) for n in range(600)), *(returned(n, f"s{n}") for n in range(600)), returned(999, "s0", "9")]
    result = await import_sales(client, "gifts", sales_file(tmp_path / "s.csv", lines), all_or_nothing=True)
    assert (counts(result), result.applied) == ((1_201, 0, 0), True)
    assert len(books.sales) == 1_201


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (returned(1, "s0", "9.01"), "RETURN_EXCEEDS_SALE"),
        (returned(1, "s0", "1", member="m2"), "RETURN_OF_OTHER_MEMBER"),
        (returned(1, "r0"), "ORIGINAL_IS_RETURN"),
        (returned(1, "nothing"), "UNKNOWN_SALE"),
        ("r1,m1,return,2010-12-04T10:00:00Z,1,GBP,s0,", "RETURN_BEFORE_SALE"),
        ("r1,m1,return,2010-12-06T10:00:00Z,1,EUR,s0,", "WRONG_CURRENCY"),
    ],
)
async def test_all_or_nothing_refuses_returns_that_do_not_fit(
    client: Client, books: Books, tmp_path: Path, bad: str, reason: str
) -> None:
    await members(client, tmp_path)
    lines = [*(sale(n) for n in range(600)), returned(0, "s0", "1.00"), *(sale(n) for n in range(600, 1_200)), bad]
    result = await import_sales(client, "gifts", sales_file(tmp_path / "s.csv", lines), all_or_nothing=True)
    assert [why for _, _, why in reasons(result)] == [reason]
    assert (result.applied, result.taken, books.sales) == (False, 0, {})
