"""The bridge's key: read once from an encrypted keystore, never logged, never written."""

import json
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from fenxiao.proofs.hashes import to_hex
from libs.servicekit import Settings, SettingsError


class Signer:
    """Signs transactions of one account (EIP-1559)."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account

    @property
    def address(self) -> str:
        """EIP-55 address."""
        return self._account.address

    def sign(
        self, *, chain_id: int, nonce: int, to: str, data: bytes, gas: int, fee: int, tip: int
    ) -> tuple[bytes, str]:
        """The signed transaction's bytes and its hash. `fee` and `tip` are wei a unit of gas."""
        signed = self._account.sign_transaction(  # pyright: ignore[reportUnknownMemberType] # untyped library
            {  # pyright: ignore[reportArgumentType] # the address is text, as the library documents
                "type": 2,
                "chainId": chain_id,
                "nonce": nonce,
                "to": to,
                "value": 0,
                "data": to_hex(data),
                "gas": gas,
                "maxFeePerGas": fee,
                "maxPriorityFeePerGas": tip,
            }
        )
        return bytes(signed.raw_transaction), to_hex(bytes(signed.hash))


def open_signer(settings: Settings) -> Signer:
    """Opens the keystore (Web3 Secret Storage) that the settings name."""
    keystore = Path(settings.required("keystore_file"))
    password = Path(settings.required("keystore_password_file")).read_text().strip()
    try:
        key = Account.decrypt(json.loads(keystore.read_text()), password)  # pyright: ignore[reportUnknownMemberType]
    except ValueError:
        raise SettingsError(
            "the keystore cannot be opened with the password in FENXIAO_KEYSTORE_PASSWORD_FILE"
        ) from None
    return Signer(Account.from_key(key))  # pyright: ignore[reportUnknownMemberType] # untyped library
