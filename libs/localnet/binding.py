"""Development wallets for members, each bound as its owner would: ask what to sign, sign it, send the signature."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.client import Client
from fenxiao.client.client import pages
from fenxiao.errors import Refusal
from libs.localnet import wallets

BATCH: Final = 500


@dataclass
class Bound:
    """How many members have got a wallet, and how many keep the one whose owner had signed before."""

    bound: int = 0
    kept: int = 0


async def bind_wallets(client: Client, parent: str, account: int, report: Callable[[int], None]) -> Bound:
    """Bind a development wallet to each member who has no proven one.

    The member enrolled as number n (from 0) gets m/44'/60'/account'/0/n, whenever this runs. Raises `Refusal`.
    """
    done = Bound()
    async for page in pages(client.membership.ListMembers, pb.ListMembersRequest(parent=parent, page_size=BATCH)):
        first = done.bound + done.kept
        unproven = [(first + n, member) for n, member in enumerate(page.members) if not member.wallet.proven]
        if not unproven:
            done.kept += len(page.members)
            continue
        signed = await asyncio.gather(*(_sign(client, member, number, account) for number, member in unproven))
        answer = await client.membership.BatchBindWallets(pb.BatchBindWalletsRequest(parent=parent, wallets=signed))
        for (_, member), result in zip(unproven, answer.results, strict=True):
            if result.outcome == common_pb2.OUTCOME_REFUSED:
                message = f"the wallet of {member.reference or member.name} was refused: {result.problem.message}"
                raise Refusal(result.problem.reason, message, field=result.problem.field)
        done.bound += len(unproven)
        done.kept += len(page.members) - len(unproven)
        report(done.bound + done.kept)
    return done


async def _sign(client: Client, member: pb.Member, number: int, account: int) -> pb.BatchBindWalletsRequest.Item:
    """What the owner of a wallet does."""
    address, key = wallets.wallet(number, account)
    challenge = await client.membership.GetWalletChallenge(
        pb.GetWalletChallengeRequest(name=member.name, account=address)
    )
    return pb.BatchBindWalletsRequest.Item(
        name=member.name, account=address, signature=wallets.sign_message(key, challenge.message)
    )
