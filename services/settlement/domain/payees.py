"""Who is paid for a member, and where."""

from fenxiao.errors import Refusal
from fenxiao.proofs.hashes import checksum_address, parse_address, parse_hash, to_hex
from services.settlement.domain.errors import DoesNotFit
from services.settlement.domain.events import PayeeRemembered


def decide_payee(
    known_payee: str, known_account: str, holder: str | None, member: str, payee: str, account: str
) -> PayeeRemembered | None:
    """Remember a member's payee and proven account; None if they are known.

    A member keeps the payee for ever, and a payee stands for one member only (`holder`, if there is one already): the
    vault counts by payee, so anything else would pay somebody twice or not at all.
    """
    try:
        payee, account = to_hex(parse_hash(payee.lower())), checksum_address(parse_address(account))
    except Refusal as refusal:
        raise DoesNotFit(f"the wallet of {member} cannot be paid: {refusal.message}") from None
    if known_payee and known_payee != payee:
        raise DoesNotFit(f"{member} was {known_payee} on chain and cannot become {payee}")
    if holder is not None and holder != member:
        raise DoesNotFit(f"{payee} stands for {holder} and cannot stand for {member}")
    if (known_payee, known_account) == (payee, account):
        return None
    return PayeeRemembered(member=member, payee=payee, account=account)
