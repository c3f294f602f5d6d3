"""Nothing personal stands in clear: not on the bus, not on chain, not in any database, not in a log."""

import base64
import uuid
from pathlib import Path

import pytest

from fenxiao.api.membership.v1 import membership_pb2
from fenxiao.client import Client
from fenxiao.client.imports import import_members, import_sales
from fenxiao.errors import Refusal
from libs.localnet.home import Home
from libs.localnet.network import CHAIN, LocalNetwork
from tests.support import bus
from tests.support.clear_text import files_below, find
from tests.support.shop import JOINED, SOLD, Shop, new_member, new_sale, stamp
from tests.support.waiting import until

# Words that stand nowhere else, and long enough not to come about by chance in keys and hashes.
NAME, OTHER_NAME, CHINESE_NAME = "Wilhelmina Zwetschgenknoedel", "Ebenezer Quixotecroft", "欧阳翡翠娜婷"
EMAIL, OTHER_EMAIL = "wilhelmina.z@mirabellenhof.example", "ebenezer@quixotecroft.example"
NUMBER, OTHER_NUMBER, THIRD_NUMBER = "+8613912345678901", "KUNDE-9081726354", "KUNDE-5647382910"
COUNTRY = "Lummerlandia"
REASON = "complained about by Rumpelstiltskinsson"
CHECK, WITHDRAWAL = "passport of Quastelbinder-Xylophon", "forged by Rumpelstiltskinsson"
NUMBERS, TEXTS = [NUMBER, OTHER_NUMBER, THIRD_NUMBER], [REASON, CHECK, WITHDRAWAL]
PERSONAL = [NAME, OTHER_NAME, CHINESE_NAME, EMAIL, OTHER_EMAIL, COUNTRY, *NUMBERS, *TEXTS]
SALE_NUMBER = "INVOICE-GRUSELETT-77"


def folders(home: Home) -> list[Path]:
    """Everything that a network writes but its keys."""
    return [home.nats, home.data, home.chain, home.network, home.logs]


@pytest.mark.network
@pytest.mark.asyncio(loop_scope="session")
async def test_nothing_personal_stands_in_clear_anywhere(
    network: LocalNetwork, client: Client, home: Home, tmp_path: Path
) -> None:
    shop = await Shop.open(client, network.endpoints, "private-shop")
    members = tmp_path / "members.csv"
    members.write_text(
        "member_id,sponsor_id,joined_at,name,email,country,wallet\n"
        f"{NUMBER},,2024-01-02T00:00:00Z,{NAME},{EMAIL},{COUNTRY},\n"
        f"{OTHER_NUMBER},{NUMBER},2024-01-03T00:00:00Z,{CHINESE_NAME},{EMAIL},{COUNTRY},\n",
        encoding="utf-8",
    )
    sales = tmp_path / "sales.csv"
    sales.write_text(
        "sale_id,member_id,kind,occurred_at,amount,currency\n"
        f"{SALE_NUMBER},{OTHER_NUMBER},sale,2024-02-01T12:00:00Z,250.00,GBP\n",
        encoding="utf-8",
    )
    assert (await import_members(client, shop.programme, members)).taken == 2
    assert (await import_sales(client, shop.programme, sales)).taken == 1
    assert (await import_members(client, shop.programme, members)).repeated == 2

    # One by one as well: answers to commands are kept for when a request is repeated.
    request = membership_pb2.EnrolMemberRequest(
        parent=shop.parent,
        member=new_member(THIRD_NUMBER, NUMBER, name=OTHER_NAME, email=OTHER_EMAIL, country=COUNTRY),
        request_id="enrol-once",
    )
    third = await client.membership.EnrolMember(request)
    assert await client.membership.EnrolMember(request) == third
    await client.membership.SuspendMember(membership_pb2.SuspendMemberRequest(name=third.name, reason=REASON))
    await client.membership.ReinstateMember(membership_pb2.ReinstateMemberRequest(name=third.name))
    # Who was checked by whom, and where somebody moves in a programme that discloses no countries.
    await client.membership.RecordIdentityCheck(
        membership_pb2.RecordIdentityCheckRequest(name=third.name, check_time=stamp(JOINED), reference=CHECK)
    )
    await client.membership.WithdrawIdentityCheck(
        membership_pb2.WithdrawIdentityCheckRequest(name=third.name, effective_time=stamp(SOLD), reason=WITHDRAWAL)
    )
    await client.membership.ChangeCountry(
        membership_pb2.ChangeCountryRequest(name=third.name, country="NZ", effective_time=stamp(SOLD))
    )
    await shop.record(new_sale("S-2", third.name))
    # Refused ones too: a refusal must not write down what it refuses.
    for refused in (
        new_member(THIRD_NUMBER, name=OTHER_NAME, email=EMAIL),
        new_member(OTHER_NUMBER + "-x", "nobody", name=NAME),
        new_member(OTHER_NUMBER + "-y", name=NAME, email=EMAIL.replace("@", " at ")),
    ):
        with pytest.raises(Refusal):
            await shop.enrol(refused)

    # They are paid, so that what goes on chain is there.
    sponsor = (await resolve(client, shop, [NUMBER]))[NUMBER]
    account = await shop.bind(sponsor, 20_001)
    await network.fund(shop.programme, 10_000)
    await shop.close()
    await bus.drained(network, client)

    async def paid() -> bool:
        return (await shop.totals()).paid_members == 1

    await until(paid, what="the sponsor is paid")
    await network.restart(CHAIN)  # it writes down its state

    assert find(PERSONAL, files_below(folders(home))) == []
    # The merchant's number of a sale stays with commission.
    assert {
        Path(entry.rpartition(" in ")[2]).name.removesuffix("-wal")
        for entry in find([SALE_NUMBER], files_below(folders(home)))
    } == {"commission.db"}
    # Two letters stand everywhere; that nothing is said about countries, the types of the events show.
    facts = [fact for fact in await bus.in_store(client, "membership") if fact.programme == shop.programme]
    told = {fact.type.rpartition(".")[2] for fact in facts}
    assert {"MemberEnrolled", "IdentityChecked", "IdentityCheckWithdrawn"} <= told
    assert not {kind for kind in told if "Countr" in kind}
    moved = await client.membership.GetMember(membership_pb2.GetMemberRequest(name=third.name))
    assert moved.country == "NZ"
    # The search would have found them: what is public is found where it belongs.
    member = sponsor.rpartition("/")[2]
    for folder in (home.nats, home.data):
        assert find([member], files_below([folder])), f"the member's id stands in {folder}"
    assert find([account[2:].lower()], files_below([home.chain])) or find([account[2:]], files_below([home.chain]))
    # And whoever may, reads them in clear.
    shown = await client.membership.GetMember(membership_pb2.GetMemberRequest(name=sponsor))
    assert (shown.reference, shown.display_name, shown.email, shown.country) == (NUMBER, NAME, EMAIL, COUNTRY)


async def resolve(client: Client, shop: Shop, references: list[str]) -> dict[str, str]:
    request = membership_pb2.ResolveMembersRequest(parent=shop.parent, references=references)
    return {entry.reference: entry.name for entry in (await client.membership.ResolveMembers(request)).members}


@pytest.mark.parametrize("shift", range(3))
def test_the_search_finds_words_in_disguise(tmp_path: Path, shift: int) -> None:
    word, noise = "Wilhelmina", uuid.uuid4().bytes
    hidden = {
        "plain": word.encode(),
        "hex": word.encode().hex().encode(),
        "base64": base64.b64encode(noise[:shift] + word.encode() + noise),
        "utf-16": word.encode("utf-16-le"),
    }
    for name, data in hidden.items():
        (tmp_path / name).write_bytes(noise + data + noise)
    (tmp_path / "innocent").write_bytes(noise)
    assert sorted(find([word], files_below([tmp_path]))) == sorted(f"'{word}' in {tmp_path / name}" for name in hidden)
