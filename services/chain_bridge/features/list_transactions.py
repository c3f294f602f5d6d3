"""The transactions of a programme, newest first."""

from datetime import datetime

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from libs.servicekit.times import to_timestamp
from services.chain_bridge.domain.intents import State

_STATES = {
    State.PLANNED: pb.TRANSACTION_STATE_PLANNED,
    State.SIGNED: pb.TRANSACTION_STATE_SIGNED,
    State.BROADCAST: pb.TRANSACTION_STATE_BROADCAST,
    State.MINED: pb.TRANSACTION_STATE_MINED,
    State.FINAL: pb.TRANSACTION_STATE_FINAL,
    State.PARKED: pb.TRANSACTION_STATE_PARKED,
    State.DEAD: pb.TRANSACTION_STATE_FINAL,  # nothing more will come of it; it has no hash, and `problem` says why
}


def list_transactions(reader: Reader, request: pb.ListTransactionsRequest, call: Call) -> pb.ListTransactionsResponse:
    """A page of transactions."""
    wanted = page(request.page_size, request.page_token)
    before = int(wanted.after) if wanted.after.isdecimal() else 2**62
    rows = reader.all(
        "SELECT seq, id, purpose, state, hash, block, gas_used, payees, problem, created_at, final_at FROM intents"
        " WHERE programme=? AND seq<? ORDER BY seq DESC LIMIT ?",
        (call.programme, before, wanted.size + 1),
    )
    answer = pb.ListTransactionsResponse()
    for _seq, key, purpose, state, tx_hash, block, gas_used, payees, problem, created_at, final_at in rows[
        : wanted.size
    ]:
        answer.transactions.append(
            pb.Transaction(
                name=f"programmes/{call.programme}/transactions/{key}",
                purpose=purpose,
                state=_STATES[State(state)],
                hash=tx_hash or "",
                block=block or 0,
                gas_used=gas_used or 0,
                payees=payees,
                problem=problem,
                create_time=to_timestamp(datetime.fromisoformat(created_at)),
                final_time=to_timestamp(datetime.fromisoformat(final_at)) if final_at else None,
            )
        )
    if len(rows) > wanted.size:
        answer.next_page_token = wanted.token(str(rows[wanted.size - 1][0]))
    return answer
