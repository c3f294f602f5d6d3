"""What the chain says, and what is on its way there."""

import time

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from services.chain_bridge.adapters.chain import Chain
from services.chain_bridge.adapters.signer import Signer
from services.chain_bridge.domain.intents import OPEN, State


def get_chain_status(reader: Reader, _request: pb.GetChainStatusRequest, call: Call) -> pb.ChainStatus:
    """The newest that the bridge has seen; `head_age_ms` says how old that is."""
    chain = call.use(Chain)
    counts: dict[str, int] = dict(
        reader.all("SELECT state, COUNT(*) FROM intents WHERE programme=? GROUP BY state", (call.programme,))  # pyright: ignore[reportArgumentType] # two columns
    )
    return pb.ChainStatus(
        chain_id=chain.chain_id,
        head_block=chain.head.number,
        final_block=chain.head.final,
        vault=chain.vault,
        sender=call.use(Signer).address,
        sender_balance_wei=str(chain.balance),
        open_intents=sum(counts.get(state, 0) for state in OPEN),
        parked_intents=counts.get(State.PARKED, 0),
        head_age_ms=int((time.monotonic() - chain.head_moved) * 1000),
    )
