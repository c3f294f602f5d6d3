"""Statements follow from the books: what settlement says of each member is compared with the books kept here."""

from typing import Any

from fenxiao.api.settlement.v1 import settlement_pb2
from fenxiao.verify.holding import Account
from fenxiao.verify.ledger import Books
from fenxiao.verify.report import Report


def check_statements(books: Books, statements: list[settlement_pb2.Statement], report: Report) -> None:
    """Compares the statements that settlement gives with the books kept here."""
    check = report.check("statements", "each statement's sums are those of the books kept again")
    seen = set[tuple[str, str]]()
    for statement in statements:
        member = statement.member.rpartition("/")[2]
        seen.add((statement.currency, member))
        account = books.accounts.get((statement.currency, member), Account())
        got: dict[str, Any] = {
            "accrued": statement.accrued_minor,
            "clawed_back": statement.clawed_back_minor,
            "net": statement.net_minor,
            "held": statement.held_minor,
            "payable": statement.payable_minor,
            "entitled": statement.in_distribution_minor + statement.paid_minor,
            "debt": statement.debt_minor,
            "lines": statement.line_count,
        }
        expected = {
            "accrued": account.accrued,
            "clawed_back": account.clawed_back,
            "net": account.accrued + account.clawed_back,
            "held": account.held_minor,
            "payable": account.payable,
            "entitled": account.entitled,
            "debt": account.debt,
            "lines": account.lines,
        }
        check.that(got == expected, f"member {member}: the statement says {got}, the books {expected}")
    for currency, member in books.accounts:
        if (currency, member) not in seen:
            check.that(False, f"member {member} has lines in {currency} but no statement")
