"""What a member signs, worked out here from what is handed over, and signed with a key or elsewhere.

A digest that a service names is never signed as it is: it must be that of the transfer that its signer sees.
"""

import json
import os
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fenxiao.api.traceability.v1 import custody_pb2
from fenxiao.cli.arguments import read_bytes
from fenxiao.cli.exits import Misuse
from fenxiao.cli.items import read_item
from fenxiao.cli.session import id_of, to_stamp
from fenxiao.client.lines import read_signature
from fenxiao.epcis import Names, canonical_text
from fenxiao.errors import Kind, Refusal
from fenxiao.money import parse_amount, plain
from fenxiao.proofs.custody import HandedOver, Transfer
from fenxiao.proofs.hashes import to_hex
from fenxiao.proofs.signatures import sign_digest

if TYPE_CHECKING:
    from fenxiao.client import Client

_KEY: Final = re.compile(r"(?:0x)?([0-9A-Fa-f]{64})")
_AMOUNT: Final = re.compile(r"([0-9]{1,30}(?:\.[0-9]{1,30})?)(?::([A-Z0-9]{2,3}))?")
_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def new_transfer(
    offerer: str,
    receiver: str,
    items: Sequence[str],
    *,
    place: str,
    biz_transactions: Sequence[str],
    expires: datetime,
    offer: str,
) -> custody_pb2.CustodyTransfer:
    """Give what is handed over. `offerer` and `receiver` are resource names; an item of a lot ends in `=200:KGM`."""
    if not items:
        raise Misuse("WRONG_USAGE", "Name what is handed over with --item.")
    return custody_pb2.CustodyTransfer(
        offer=offer or str(uuid.uuid4()),
        offerer=offerer,
        receiver=receiver,
        items=map(_item, items),
        place=read_item(place),
        biz_transactions=biz_transactions,
        expire_time=to_stamp(expires.replace(microsecond=0)),
    )


def _item(text: str) -> custody_pb2.CustodyItem:
    uri, equals, amount = text.rpartition("=")
    found = _AMOUNT.fullmatch(amount) if equals else None
    if found is None:  # the end of an address, perhaps
        return custody_pb2.CustodyItem(id=read_item(text))
    return custody_pb2.CustodyItem(id=read_item(uri), quantity=found[1], uom=found[2] or "")


def signed_transfer(file: Path, parent: str) -> custody_pb2.CustodyTransfer:
    """Give the transfer that typed data is about, as `custody typed-data` has printed it."""
    try:
        message: Mapping[str, Any] = json.loads(read_bytes(file))["message"]
        transfer = custody_pb2.CustodyTransfer(
            offer=message["offer"],
            offerer=f"{parent}/members/{message['offerer']}",
            receiver=f"{parent}/members/{message['receiver']}",
            items=[custody_pb2.CustodyItem(**one) for one in message["items"]],
            place=message["place"],
            biz_transactions=message["bizTransactions"],
        )
        transfer.expire_time.FromSeconds(int(message["expires"]))
    except (ValueError, KeyError, TypeError):
        text = f"{file} is not the typed data of a transfer; `fenxiao custody typed-data` prints it."
        raise Refusal("INVALID_TYPED_DATA", text, field="typed_data") from None
    return transfer


def as_signed(programme: str, message: custody_pb2.CustodyTransfer) -> Transfer:
    """Give a transfer in the one form that is signed."""
    return Transfer(
        programme,
        message.offer.lower(),
        id_of(message.offerer).lower(),
        id_of(message.receiver).lower(),
        tuple(
            HandedOver(
                canonical_text(one.id, Names()),
                plain(parse_amount(one.quantity)) if one.quantity else "",
                one.uom,
            )
            for one in message.items
        ),
        canonical_text(message.place, Names()) if message.place else "",
        tuple(canonical_text(one, Names()) for one in message.biz_transactions),
        message.expire_time.seconds,
    )


async def checked(client: "Client", parent: str, message: custody_pb2.CustodyTransfer) -> Transfer:
    """Give a transfer in its one form; the service checks it, and must come to the same."""
    request = custody_pb2.GetCustodyTypedDataRequest(parent=parent, transfer=message)
    answer = await client.traceability.GetCustodyTypedData(request)
    transfer = as_signed(id_of(parent), message)
    require_same(transfer, answer.transfer_digest)
    return transfer


def require_same(transfer: Transfer, digest: str) -> None:
    """Refuse to sign what is not what was shown."""
    if to_hex(transfer.digest()) != digest:
        text = "The service names another digest than that of this transfer; sign nothing, and ask its operator."
        raise Refusal("CUSTODY_DIGEST_DIFFERS", text, kind=Kind.ABORTED)


def signature_for(digest: bytes, key_file: Path | None, signature: str) -> bytes:
    """Sign a digest with the key of a file, or give the signature that was made elsewhere."""
    return read_signature(signature) if key_file is None else sign_digest(_key(key_file), digest)


def _key(file: Path) -> bytes:
    found = _KEY.fullmatch(read_bytes(file).decode(errors="replace").strip())
    if found is None or not 0 < int(found[1], 16) < _ORDER:
        text = f"{file} holds no private key; it has one line of 64 hex digits."
        raise Refusal("INVALID_KEY_FILE", text, field="key_file")
    if os.name == "posix" and file.stat().st_mode & 0o077:
        text = f"Others may read {file}, a private key; `chmod 600` keeps it to its owner."
        raise Refusal("KEY_FILE_OPEN", text, field="key_file", kind=Kind.DENIED)
    return bytes.fromhex(found[1])
