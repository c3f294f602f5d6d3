"""What two members sign when goods go from one to the other: typed data (EIP-712), which any wallet shows in words.

The domain is `Fenxiao Custody`, version 1, with the programme's key as salt: a signature counts in one programme. It
names no chain and no contract, since custody goes over in the programme; a chain can prove it later. The offer's id
makes every transfer another one, so no signature serves twice. Rejecting and withdrawing are signed as statements of
their own over the transfer's hash: neither can pass for an acceptance.

Only keys sign: a smart contract's wallet (EIP-1271) would have to be asked on its chain.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from fenxiao.proofs.hashes import keccak256, programme_key, to_hex
from fenxiao.proofs.signatures import signer_of_digest

NAME: Final = "Fenxiao Custody"
VERSION: Final = "1"

_DOMAIN: Final = [("string", "name"), ("string", "version"), ("bytes32", "salt")]
_ITEM: Final = [("string", "id"), ("string", "quantity"), ("string", "uom")]
_TRANSFER: Final = [
    ("string", "offer"),
    ("string", "offerer"),
    ("string", "receiver"),
    ("Item[]", "items"),
    ("string", "place"),
    ("string[]", "bizTransactions"),
    ("uint64", "expires"),
]
_STATEMENT: Final = [("bytes32", "transfer")]


class HandedOver(NamedTuple):
    """An object, or an amount of a lot."""

    id: str
    """Canonical identifier."""
    quantity: str = ""
    """Plain decimal; empty for an object."""
    uom: str = ""


class Transfer(NamedTuple):
    """What is handed over, by whom and to whom."""

    programme: str
    offer: str
    """UUID in lower case."""
    offerer: str
    receiver: str
    items: tuple[HandedOver, ...]
    place: str
    biz_transactions: tuple[str, ...]
    expires: int
    """Seconds since 1970."""

    @property
    def hash(self) -> bytes:
        """The struct's hash."""
        item_type = _type("Item", _ITEM)
        items = b"".join(
            keccak256(keccak256(item_type) + _texts(item.id, item.quantity, item.uom)) for item in self.items
        )
        return keccak256(
            keccak256(_type("CustodyTransfer", _TRANSFER) + item_type)
            + _texts(self.offer, self.offerer, self.receiver)
            + keccak256(items)
            + _texts(self.place)
            + keccak256(_texts(*self.biz_transactions))
            + self.expires.to_bytes(32)
        )

    def digest(self) -> bytes:
        """What both sign for the transfer to take place."""
        return self._digest(self.hash)

    def rejection_digest(self) -> bytes:
        """What the receiver signs to reject it."""
        return self._digest(self._statement("CustodyRejection"))

    def withdrawal_digest(self) -> bytes:
        """What the offerer signs to take it back."""
        return self._digest(self._statement("CustodyWithdrawal"))

    def _statement(self, name: str) -> bytes:
        return keccak256(keccak256(_type(name, _STATEMENT)) + self.hash)

    def _digest(self, struct: bytes) -> bytes:
        domain = keccak256(
            keccak256(_type("EIP712Domain", _DOMAIN)) + _texts(NAME, VERSION) + programme_key(self.programme)
        )
        return keccak256(b"\x19\x01" + domain + struct)

    def typed_data(self) -> dict[str, Any]:
        """The transfer, for `eth_signTypedData_v4`."""
        message = {
            "offer": self.offer,
            "offerer": self.offerer,
            "receiver": self.receiver,
            "items": [item._asdict() for item in self.items],
            "place": self.place,
            "bizTransactions": list(self.biz_transactions),
            "expires": str(self.expires),
        }
        return self._typed("CustodyTransfer", {"Item": _ITEM, "CustodyTransfer": _TRANSFER}, message)

    def rejection_typed_data(self) -> dict[str, Any]:
        """Its rejection, likewise."""
        return self._typed("CustodyRejection", {"CustodyRejection": _STATEMENT}, {"transfer": to_hex(self.hash)})

    def withdrawal_typed_data(self) -> dict[str, Any]:
        """Its withdrawal, likewise."""
        return self._typed("CustodyWithdrawal", {"CustodyWithdrawal": _STATEMENT}, {"transfer": to_hex(self.hash)})

    def _typed(
        self, primary: str, types: dict[str, Sequence[tuple[str, str]]], message: dict[str, Any]
    ) -> dict[str, Any]:
        every = {"EIP712Domain": _DOMAIN, **types}
        return {
            "types": {
                name: [{"name": field, "type": kind} for kind, field in fields] for name, fields in every.items()
            },
            "primaryType": primary,
            "domain": {"name": NAME, "version": VERSION, "salt": to_hex(programme_key(self.programme))},
            "message": message,
        }


def went_over(transfer: Transfer, offerer: str, offered: bytes, receiver: str, accepted: bytes) -> bool:
    """Whether the wallets of both have signed the transfer. Raises `Refusal` where a signature is none at all."""
    digest = transfer.digest()
    return signer_of_digest(digest, offered) == offerer and signer_of_digest(digest, accepted) == receiver


def _type(name: str, fields: Sequence[tuple[str, str]]) -> bytes:
    return f"{name}({','.join(f'{kind} {field}' for kind, field in fields)})".encode()


def _texts(*texts: str) -> bytes:
    return b"".join(keccak256(text.encode()) for text in texts)
