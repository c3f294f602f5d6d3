"""The verifier: from an export, and the chain where there is one, to a report."""

from fenxiao.verify.chain import Chain
from fenxiao.verify.disputes import check_disputes
from fenxiao.verify.export import Export
from fenxiao.verify.facts import Facts, gather
from fenxiao.verify.ledger import replay
from fenxiao.verify.lines import check_lines
from fenxiao.verify.payouts import check_chain, check_paid
from fenxiao.verify.periods import check_periods
from fenxiao.verify.report import Report
from fenxiao.verify.statements import check_statements


def verify(export: Export, chain: Chain | None) -> Report:
    """Checks everything that the export and the chain allow. Raises `ChainUnreachable` if the node does not answer."""
    report = Report(export.programme)
    facts = gather(export, report)
    check_lines(facts, report)
    check_periods(facts, report)
    check_disputes(facts, report)
    books = replay(facts, report, export.points)
    check_statements(books, export.statements, report)
    check_paid(facts, export.statements, report)
    report.figures |= {
        "members": len(facts.members),
        "sales": sum(1 for fact in facts.sales.values() if not fact.is_return),
        "returns": sum(1 for fact in facts.sales.values() if fact.is_return),
        "lines": sum(len(fact.posted) for fact in (*facts.sales.values(), *facts.disputes.values())) + _at_close(facts),
    }
    if chain is None:
        report.not_checked.append("roots, payments and balances on chain: no RPC address was given")
    else:
        report.from_block = chain.first_block
        check_chain(export.programme, facts, books, chain, report)
    report.not_checked.append("whether every sale was reported: a sale that nobody has recorded leaves no trace here")
    return report


def _at_close(facts: Facts) -> int:
    return sum(len(lines) for closing in facts.closings.values() for lines in closing.lines.values())
