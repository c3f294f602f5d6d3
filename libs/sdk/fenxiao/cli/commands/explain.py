"""`fenxiao explain`: why a sale's lines, or one line, are what they are."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.session import Session, is_uuid, references_of
from fenxiao.cli.texts import language, t
from fenxiao.errors import Kind, Refusal

if TYPE_CHECKING:
    from fenxiao.api.commission.v1 import commission_pb2
    from fenxiao.client import Client

_SHOWN = 20
"""Events behind a line that are printed; JSON has all of them."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    help_text = t("Explain every line of a sale or return, or one line of a statement, to the cent.")
    app.command("explain", help=help_text)(explain)


def explain(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="SALE|ACCRUAL", help=t("The merchant's number of the sale, or the UUID of a sale or line.")
        ),
    ],
) -> None:
    """Print a sale and each of its lines with its derivation, or one line."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.commission.v1 import commission_pb2

        parent = (await session.find_programme(client)).name
        answer = await _find(client, parent, what)
        if isinstance(answer, commission_pb2.ExplainLineResponse):
            return await _one_line(client, parent, answer)
        return await _sale(client, parent, answer)

    found = session.run(work)
    alone = found.pop("alone", False)
    if session.as_json:
        output.print_json(found)
    elif alone:
        _print_line(found)
    else:
        _print_sale(found)


async def _find(
    client: "Client", parent: str, what: str
) -> "commission_pb2.ExplainSaleResponse | commission_pb2.ExplainLineResponse":
    """Take it for the number of a sale, then for the UUID of one, then for that of a line."""
    from fenxiao.api.commission.v1 import commission_pb2

    names = [what, *([f"{parent}/sales/{what.lower()}"] if is_uuid(what) else [])]
    unknown: Refusal | None = None
    for name in names:
        try:
            return await client.commission.ExplainSale(commission_pb2.ExplainSaleRequest(parent=parent, sale=name))
        except Refusal as refusal:
            if refusal.kind is not Kind.NOT_FOUND:
                raise
            unknown = unknown or refusal
    assert unknown is not None, "nothing was found"
    if not is_uuid(what):
        raise unknown
    return await client.commission.ExplainLine(commission_pb2.ExplainLineRequest(parent=parent, line=what.lower()))


async def _sale(client: "Client", parent: str, answer: "commission_pb2.ExplainSaleResponse") -> dict[str, Any]:
    from fenxiao.cli import shapes

    names = {answer.sale.member, *(one.member for one in answer.returns)}
    members = await references_of(client, parent, names.union(*map(_named, answer.derivations)))
    return {
        "sale": shapes.sale(answer.sale, members),
        "plan": shapes.plan(answer.plan) if answer.HasField("plan") else None,
        "engine_version": answer.engine_version,
        "rounding": answer.rounding,
        "lines": [shapes.derivation(one, members) for one in answer.derivations],
        "returns": [shapes.sale(one, members) for one in answer.returns],
    }


async def _one_line(client: "Client", parent: str, answer: "commission_pb2.ExplainLineResponse") -> dict[str, Any]:
    """Give it in the shape of a sale's explanation."""
    from fenxiao.cli import shapes

    names = _named(answer.derivation) | {one.member for one in (answer.sale, *answer.returns) if one.member}
    members = await references_of(client, parent, names)
    return {
        "sale": shapes.sale(answer.sale, members) if answer.HasField("sale") else None,
        "plan": shapes.plan(answer.plan),
        "engine_version": answer.derivation.engine_version,
        "rounding": answer.rounding,
        "lines": [shapes.derivation(answer.derivation, members)],
        "returns": [shapes.sale(one, members) for one in answer.returns],
        "alone": True,
    }


def _named(one: "commission_pb2.ExplainSaleResponse.Derivation") -> set[str]:
    return {*one.path, one.line.member, *([one.line.other] if one.line.other else [])}


# --- for people


def _print_sale(found: Mapping[str, Any]) -> None:
    from fenxiao.cli.amounts import amount_text

    _print_head(found)
    if found["plan"] is None:
        output.say(t("No plan was in force: nothing is earned."))
        return
    output.facts([(t("version"), f"{found['plan']['version']}  {found['plan']['hash']}")])
    output.table(
        [t("member"), t("component"), t("level"), t("amount"), t("why")],
        [
            [
                line["member_id"] or line["member"],
                line["component"],
                str(line["level"]),
                amount_text(line["amount"], line["currency"], line["points"]),
                f"{_words(line)}\n{_cited(line)}",
            ]
            for line in found["lines"]
        ],
        right=[2, 3],
    )
    _print_returns(found)


def _print_line(found: Mapping[str, Any]) -> None:
    from fenxiao.cli.amounts import amount_text

    (line,), plan = found["lines"], found["plan"]

    def money(minor: int) -> str:
        return amount_text(minor, line["currency"], line["points"])

    facts = [
        (t("line"), line["line"]),
        (t("member"), line["member_id"] or line["member"]),
        (t("amount"), money(line["amount"])),
        (t("why"), _words(line)),
        (t("version"), f"{plan['version']}  {plan['hash']}"),
        (t("rule"), f"{line['rule']} {line['rule_text']}"),
        (t("path"), " > ".join(one["member_id"] or one["member"] for one in line["path"])),
        (t("base"), line["base"]),
        (t("rate"), line["rate"]),
        (t("rounding"), found["rounding"]),
        (t("before caps"), "" if line["uncapped"] is None else money(line["uncapped"])),
        (t("due"), money(line["due"]) if line["posted_before"] else ""),
        (t("posted before"), money(line["posted_before"]) if line["posted_before"] else ""),
        (t("takes back from"), line["reverses"]),
        (t("on the volume of"), line["other_id"] or line["other"]),
        (t("period"), line["period"]),
        (t("posted in"), line["posted_in"] if line["posted_in"] != line["period"] else ""),
        (t("held until"), line["hold_until"] or ""),
        (t("and until"), t("the identity is checked") if line["needs_identity"] else ""),
        (t("and until"), t("{least} payable").format(least=money(line["threshold"])) if line["threshold"] else ""),
        (t("cuts"), " ".join(filter(None, (line["members_cut"], str(line["sales_cut"] or ""))))),
    ]
    rating = line["rating"]
    if rating is not None:
        facts += [
            (t("rank"), rating["rank"]),
            (t("personal volume"), rating["personal_volume"]),
            (t("group volume"), rating["group_volume"]),
        ]
    output.facts([fact for fact in facts if fact[1]])
    if found["sale"] is not None:
        _print_head(found)
        _print_returns(found)
    behind = line["evidence"]
    rows = [[one["type"], one["occurred_at"], one["event_id"], _short(one["resource"])] for one in behind[:_SHOWN]]
    output.table([t("events behind it"), t("time"), t("event"), ""], rows)
    if len(behind) > _SHOWN:
        more = f"{len(behind) - _SHOWN:,}"
        output.say(t("{count} more events; --json shows all of them.").format(count=more))


def _print_head(found: Mapping[str, Any]) -> None:
    sale = found["sale"]
    output.facts(
        [
            (t(sale["kind"]), f"{sale['sale_id']}  {sale['sale']}"),
            (t("member"), sale["member_id"] or sale["member"]),
            (t("time"), sale["occurred_at"]),
            (t("amount"), f"{sale['amount']} {sale['currency']}"),
        ]
    )


def _print_returns(found: Mapping[str, Any]) -> None:
    if found["returns"]:
        output.facts(
            [
                (t("Returns that name it"), f"{one['sale_id']}: {one['amount']} {one['currency']}")
                for one in found["returns"]
            ]
        )


def _words(line: Mapping[str, Any]) -> str:
    """Give the sentence, with the merchant's number of a member whom it names."""
    words = str(line[f"explanation_{language()}"])
    return words.replace(line["other"], line["other_id"]) if line["other_id"] else words


def _cited(line: Mapping[str, Any]) -> str:
    """Give the rule, where it is one of a closing the period, and the line's id, by which it is explained alone."""
    period = f"{t('period')} {line['posted_in']}  " if line["posted_in"] else ""
    return f"{line['rule']} {line['rule_text']}  {period}{line['line']}"


def _short(resource: str) -> str:
    return resource.partition("/")[2].partition("/")[2]
