"""Files of members and of sales, in the import formats, as what plans are tried on. No service is asked.

A line that the services would refuse is refused here, with its number and the same reason.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

from fenxiao.client.lines import MEMBER_COLUMNS, SALE_COLUMNS, read_leg
from fenxiao.client.rows import BadRow, Columns, Row
from fenxiao.client.tables import open_table
from fenxiao.errors import Refusal
from fenxiao.money import CURRENCIES, parse_amount
from fenxiao.plans.language.instants import parse_instant
from fenxiao.plans.sales.sale import Sale, SaleKind
from fenxiao.plans.trials.facts import Facts, Joined

_LISTED: Final = 1_000
"""Refused lines that are kept; all are counted."""
_STEP: Final = 5_000
"""Lines from one report of progress to the next."""
_REFERENCE: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,128}")
_CLASSES: Final = {"": "retail", "retail": "retail", "personal": "personal"}

Report = Callable[[int, int, int], None]
"""Told lines, bytes read and bytes in all."""


@dataclass(frozen=True, slots=True)
class RefusedFact:
    """A line that cannot be."""

    file: str
    line: int
    id: str
    reason: str
    message: str
    field: str = ""


@dataclass(slots=True)
class FactFiles:
    """What was read."""

    facts: Facts = field(default_factory=Facts)
    repeated: int = 0
    refused: int = 0
    problems: list[RefusedFact] = field(default_factory=list[RefusedFact])
    """The first refused lines, at most 1,000."""


def read_facts(members: Path, sales: Path, *, ranks: Collection[str] = (), report: Report | None = None) -> FactFiles:
    """Read both files. A rank that is given to a member must be one of `ranks`, those of the plans."""
    found = FactFiles()

    def join(row: Row) -> bool:
        member = joined(row.values)
        if member.rank and member.rank not in ranks:
            names = ", ".join(ranks) or "none"
            message = f"The plan has no rank {member.rank[:64]!r}; it has {names}."
            raise Refusal("UNKNOWN_RANK", message, field="rank")
        return found.facts.join(member)

    _read(found, members, MEMBER_COLUMNS.whole, _MEMBERS, join, report)
    _read(found, sales, SALE_COLUMNS.whole, _SALES, lambda row: found.facts.report(reported(row.values)), report)
    return found


class _Refers(NamedTuple):
    """By which column lines of a file refer to others of it, and the reason when there is no such line (yet)."""

    id: str
    column: str
    missing: str


_MEMBERS: Final = _Refers("member_id", "sponsor_id", "UNKNOWN_SPONSOR")
_SALES: Final = _Refers("sale_id", "original_sale_id", "UNKNOWN_SALE")


def _read(
    found: FactFiles, path: Path, columns: Columns, refers: _Refers, take: Callable[[Row], bool], report: Report | None
) -> None:
    """Take the lines in their order; one that refers to a later line is taken right behind that."""
    table = open_table(path, columns)
    waiting: dict[str, list[tuple[Row, RefusedFact]]] = {}
    for number, line in enumerate(table, 1):
        if isinstance(line, BadRow):
            _refuse(found, RefusedFact(str(path), line.line, "", line.reason, line.message))
        ready = [] if isinstance(line, BadRow) else [line]
        while ready:
            row = ready.pop()
            try:
                found.repeated += not take(row)
            except Refusal as no:
                problem = RefusedFact(str(path), row.line, row.values[refers.id], no.reason, no.message, no.field)
                if no.reason == refers.missing:
                    waiting.setdefault(row.values[refers.column], []).append((row, problem))
                else:
                    _refuse(found, problem)
            else:
                ready += [one for one, _ in reversed(waiting.pop(row.values[refers.id], []))]
        if report and number % _STEP == 0:
            report(number, table.read, table.size)
    for problem in sorted((one for rows in waiting.values() for _, one in rows), key=lambda one: one.line):
        _refuse(found, problem)


def _refuse(found: FactFiles, problem: RefusedFact) -> None:
    found.refused += 1
    if len(found.problems) < _LISTED:
        found.problems.append(problem)


def joined(values: Mapping[str, str]) -> Joined:
    """Read a line of the members' file."""
    verified_at, verified_until = (_moment(values, name) for name in ("verified_at", "verified_until"))
    if verified_until is not None and (verified_at is None or verified_until <= verified_at):
        message = "A check that ends must have begun before; look at verified_at and verified_until."
        raise Refusal("INVALID_TIME", message, field="verified_until")
    return Joined(
        id=_reference(values["member_id"], "member_id"),
        sponsor=values["sponsor_id"] and _reference(values["sponsor_id"], "sponsor_id"),
        joined_at=parse_instant(values["joined_at"], field="joined_at"),
        country=values.get("country", ""),
        verified_at=verified_at,
        verified_until=verified_until,
        rank=values.get("rank", ""),
        placement=values.get("placement_id", ""),
        leg=read_leg(values.get("leg", "")),
    )


def reported(values: Mapping[str, str]) -> Sale:
    """Read a line of the sales' file."""
    kind, sale_class, currency = values["kind"], _CLASSES.get(values.get("sale_class", "")), values["currency"]
    if kind not in {"sale", "return"}:
        raise Refusal("INVALID_KIND", f"{kind[:40]!r} is not a kind; write sale or return.", field="kind")
    if sale_class is None:
        message = f"{values['sale_class'][:40]!r} is not a class of sales; write retail or personal, or leave it empty."
        raise Refusal("INVALID_SALE_CLASS", message, field="sale_class")
    if currency not in CURRENCIES:
        message = f"{currency[:12]!r} is not an active ISO 4217 currency; use a code such as GBP."
        raise Refusal("UNKNOWN_CURRENCY", message, field="currency")
    return Sale(
        id=_reference(values["sale_id"], "sale_id"),
        kind=SaleKind(kind),
        member=values["member_id"],
        occurred_at=parse_instant(values["occurred_at"], field="occurred_at"),
        amount=parse_amount(values["amount"]),
        currency=currency,
        original=values.get("original_sale_id", ""),
        sale_class=sale_class,
        product=_text(values, "product"),
        category=_text(values, "category"),
        channel=_text(values, "channel"),
        quantity=_number(values, "quantity"),
        margin=_number(values, "margin"),
        points=_number(values, "points"),
    )


def _reference(text: str, name: str) -> str:
    if not _REFERENCE.fullmatch(text):
        raise Refusal("INVALID_REFERENCE", "A number has 1 to 128 characters on one line.", field=name)
    return text


def _moment(values: Mapping[str, str], name: str) -> datetime | None:
    text = values.get(name, "")
    return parse_instant(text, field=name) if text else None


def _text(values: Mapping[str, str], name: str) -> str:
    text = values.get(name, "")
    if text and not _REFERENCE.fullmatch(text):
        raise Refusal("INVALID_GOODS", f"The {name} has at most 128 characters on one line.", field=name)
    return text


def _number(values: Mapping[str, str], name: str) -> Decimal | None:
    text = values.get(name, "")
    return parse_amount(text, field=name) if text else None
