"""Where a member is paid: the text that the owner of a wallet signs, and what the signature brings about."""

from fenxiao.errors import Refusal
from services.membership.domain.events import WalletBound
from services.membership.domain.member import Member


def challenge(programme: str, member: Member, account: str) -> str:
    """The text to be signed (EIP-191). The same question has the same text, so nothing needs to be remembered.

    It names what it is for, and the number of the binding: a signature for a wallet that was replaced since names an
    older number and binds nothing.
    """
    return (
        "Fenxiao: I am paid to this wallet.\n"
        "\n"
        f"Programme: {programme}\n"
        f"Member: {member.id}\n"
        f"Payee: {member.enrolled.payee}\n"
        f"Wallet: {account}\n"
        f"Binding: {_number(member, account)}"
    )


def decide_bind(member: Member, account: str, signer: str) -> list[WalletBound]:
    """Binds the wallet if its owner has signed the challenge. Binding the bound one again changes nothing."""
    if signer != account:
        raise Refusal(
            "WRONG_SIGNER",
            "the signature is not that of the wallet's owner over the current challenge; "
            "get the challenge for this member and wallet and sign it anew",
            field="signature",
        )
    number = _number(member, account)
    if number == member.bindings:
        return []
    return [WalletBound(member=member.id, payee=member.enrolled.payee, account=account, binding=number)]


def _number(member: Member, account: str) -> int:
    """The number of the binding that this wallet has, or would get."""
    return member.bindings if member.bindings and member.account == account else member.bindings + 1
