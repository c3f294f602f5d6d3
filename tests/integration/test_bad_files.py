"""Files as they come from people: each bad line is named with its number and reason, the good ones go in."""

from pathlib import Path

import pytest

from fenxiao.client.imports import import_members, import_sales
from fenxiao.errors import Refusal
from libs.localnet.home import Home
from libs.localnet.services import SERVICES
from tests.integration.conftest import World
from tests.support.stores import row_counts

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

MEMBERS = b"member_id,sponsor_id,joined_at,name\n"
SALES = b"sale_id,member_id,kind,occurred_at,amount,currency,original_sale_id\n"

BAD_MEMBERS = (
    MEMBERS
    + b"F1,ROOT,2024-01-05T00:00:00Z,Good\n"  # 2
    + b"F2,NOBODY,2024-01-05T00:00:00Z,\n"  # 3
    + b"F3,ROOT,yesterday,\n"  # 4
    + b"F4,ROOT,2024-01-05T00:00:00Z\n"  # 5
    + b"F5,ROOT,2024-01-05T00:00:00Z,M\xfcller\n"  # 6
    + b'F6,ROOT,2024-01-05T00:00:00Z,"Mueller\n'  # 7
    + b"F1,ROOT,2024-01-05T00:00:00Z,Changed\n"  # 8
    + b"F1,ROOT,2024-01-05T00:00:00Z,Good\n"  # 9
    + b"F7,ROOT,2024-01-05T00:00:00Z," + b"x" * 70_000 + b"\n"  # 10
    + "F8,F1,2024-01-06T00:00:00Z,善良\n".encode()  # 11
)  # fmt: skip

BAD_SALES = (
    SALES
    + b"G1,LEAF,sale,2024-02-01T12:00:00Z,10.00,GBP,\n"  # 2
    + b"G2,STRANGER,sale,2024-02-01T12:00:00Z,10.00,GBP,\n"  # 3
    + b"G3,LEAF,sale,2024-02-01T12:00:00Z,-10.00,GBP,\n"  # 4
    + b"G4,LEAF,sale,2024-02-01T12:00:00Z,10.00,USD,\n"  # 5
    + b"G5,LEAF,gift,2024-02-01T12:00:00Z,10.00,GBP,\n"  # 6
    + b"G6,LEAF,return,2024-02-02T12:00:00Z,10.01,GBP,G1\n"  # 7
    + b"G7,LEAF,return,2024-02-02T12:00:00Z,4.00,GBP,G1\n"  # 8
    + b"G8,LEAF,return,2024-02-02T12:00:00Z,6.01,GBP,G1\n"  # 9
    + b"G9,LEAF,sale,2024-02-01T12:00:00Z,1e300,GBP,\n"  # 10
    + b"G10,LEAF,sale,2024-02-01 12:00,10.00,GBP,\n"  # 11
)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "file.csv"
    path.write_bytes(content)
    return path


async def test_bad_lines_of_members(world: World, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    path = write(tmp_path, BAD_MEMBERS)
    result = await import_members(world.shop.client, world.shop.programme, path, rejects=rejects)
    assert {problem.line: problem.reason for problem in result.problems} == {
        3: "UNKNOWN_SPONSOR",
        4: "INVALID_TIME",
        5: "WRONG_FIELD_COUNT",
        6: "NOT_UTF8",
        7: "BROKEN_CSV",
        8: "MEMBER_DIFFERS",
        10: "LINE_TOO_LONG",
    }
    assert (result.taken, result.repeated, result.refused) == (2, 1, 7)
    assert len(rejects.read_text(encoding="utf-8").splitlines()) == 1 + 7
    again = await import_members(world.shop.client, world.shop.programme, path)
    assert (again.taken, again.repeated, again.refused) == (0, 3, 7)


async def test_bad_lines_of_sales(world: World, tmp_path: Path) -> None:
    path = write(tmp_path, BAD_SALES)
    result = await import_sales(world.shop.client, world.shop.programme, path)
    assert {problem.line: problem.reason for problem in result.problems} == {
        3: "UNKNOWN_MEMBER",
        4: "INVALID_AMOUNT",
        5: "WRONG_CURRENCY",
        6: "INVALID_KIND",
        7: "RETURN_EXCEEDS_SALE",
        9: "RETURN_EXCEEDS_SALE",
        10: "INVALID_AMOUNT",
        11: "INVALID_TIME",
    }
    assert (result.taken, result.repeated, result.refused) == (2, 0, 8)
    assert all(problem.id == f"G{problem.line - 1}" and len(problem.message) > 20 for problem in result.problems)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "EMPTY_FILE"),
        (b"\xff\xfem\x00e\x00", "NOT_UTF8"),
        (b"member_id,joined_at\nA,2024-01-05T00:00:00Z\n", "MISSING_COLUMN"),
        (b"member_id,sponsor_id,joined_at,colour\n", "UNKNOWN_COLUMN"),
        (b"member_id,member_id,sponsor_id,joined_at\n", "REPEATED_COLUMN"),
        (b'"member_id,sponsor_id\n', "BROKEN_CSV"),
        (b"PAR1 and no Parquet at all", "BROKEN_PARQUET"),
    ],
)
async def test_a_file_that_is_none(world: World, home: Home, tmp_path: Path, content: bytes, reason: str) -> None:
    await world.shop.caught_up()
    before = row_counts(home, SERVICES)
    with pytest.raises(Refusal) as caught:
        await import_members(world.shop.client, world.shop.programme, write(tmp_path, content))
    assert caught.value.reason == reason
    assert row_counts(home, SERVICES) == before


async def test_all_or_nothing_takes_nothing_of_a_bad_file(world: World, home: Home, tmp_path: Path) -> None:
    shop = world.shop
    await world.shop.caught_up()
    before = row_counts(home, SERVICES)
    members = BAD_MEMBERS.replace(b"F1,", b"H1,").replace(b"F8,", b"H8,")
    result = await import_members(shop.client, shop.programme, write(tmp_path, members), all_or_nothing=True)
    assert (result.applied, result.taken, result.refused) == (False, 0, 7)
    sales = BAD_SALES.replace(b"\nG", b"\nH").replace(b",G1\n", b",H1\n")
    result = await import_sales(shop.client, shop.programme, write(tmp_path, sales), all_or_nothing=True)
    assert (result.applied, result.taken) == (False, 0)
    assert {problem.line for problem in result.problems} == {3, 4, 5, 6, 7, 9, 10, 11}
    assert row_counts(home, SERVICES) == before
