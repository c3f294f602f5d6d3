"""`fenxiao plan diff` and `history`: what changed from one plan document to another."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fenxiao.cli import output
from fenxiao.cli.arguments import read_bytes
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client
    from fenxiao.plans.language.changes import Change

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_PAGE: Final = 100
_LONG: Final = 160
"""Characters of a value that are shown to people."""

_SENTENCES: Final = {
    "added": "{where} is added: {new}.",
    "removed": "{where} is taken out; it was {old}.",
    "changed": "{where} changes from {old} to {new}.",
    "moved": "{where} moves from place {old} to place {new}.",
}


def add(group: typer.Typer) -> None:
    """Add the commands to the group `plan`."""
    group.command("diff", help=t("Show what differs between two plan documents."))(diff)
    group.command("history", help=t("Show a programme's plan versions, and what changed from each to the next."))(
        history
    )


def diff(
    context: typer.Context,
    a: Annotated[
        str, typer.Argument(metavar="A", help=t("The document before: a file, or the hash of a published version."))
    ],
    b: Annotated[
        str, typer.Argument(metavar="B", help=t("The document after: a file, or the hash of a published version."))
    ],
) -> None:
    """Print what differs."""
    session = Session.of(context)
    before, after = (_document(session, name) for name in (a, b))
    changes = _changes(before, after)
    if session.as_json:
        output.print_json({"a": _head(before), "b": _head(after), "changes": changes})
        return
    if not changes:
        output.say(t("The two say the same."))
    _print(changes)


def history(context: typer.Context) -> None:
    """Print the versions of a programme's plan, in the order in which they come into force."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.commission.v1 import commission_pb2
        from fenxiao.cli import shapes
        from fenxiao.client.client import pages

        parent = (await session.find_programme(client)).name
        request = commission_pb2.ListPlansRequest(parent=parent, page_size=_PAGE)
        found: list[tuple[dict[str, Any], bytes]] = []
        async for page in pages(client.commission.ListPlans, request):
            found += [(shapes.listed_plan(plan), plan.document) for plan in page.plans]
        found.sort(key=lambda one: one[0]["effective_from"])
        changes = [[], *(_changes(before, after) for (_, before), (_, after) in pairwise(found))]
        return [{**shown, "changes": changed} for (shown, _), changed in zip(found, changes, strict=False)]

    found = session.run(work)
    if session.as_json:
        output.print_json({"plans": found})
        return
    for plan in found:
        output.facts(
            [(t("version"), plan["version"]), (t("in force from"), plan["effective_from"]), (t("hash"), plan["hash"])]
        )
        _print(plan["changes"])


def _document(session: Session, name: str) -> bytes:
    """Read a file, or ask for a published version."""
    if not _HASH.fullmatch(name) or Path(name).exists():
        return read_bytes(Path(name))

    async def work(client: "Client") -> bytes:
        from fenxiao.api.commission.v1 import commission_pb2

        parent = (await session.find_programme(client)).name
        return (await client.commission.GetPlan(commission_pb2.GetPlanRequest(name=f"{parent}/plans/{name}"))).document

    return session.run(work)


def _head(document: bytes) -> dict[str, Any]:
    from fenxiao.plans import plan_hash
    from fenxiao.plans.language.document import read_document

    fields = read_document(document)
    texts = {name: value if isinstance(value := fields.get(name, ""), str) else "" for name in ("plan", "version")}
    return {**texts, "hash": plan_hash(document)}


def _changes(before: bytes, after: bytes) -> list[dict[str, Any]]:
    from fenxiao.plans.language.changes import changes

    return [_change(one) for one in changes(before, after)]


def _change(one: "Change") -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "path": one.after,
        "path_before": one.before,
        "name": one.name,
        "within": list(one.within),
        "old": one.old,
        "new": one.new,
        "same_meaning": one.same_meaning,
        "text": _text(one._asdict(), str),
    }


def _text(one: Mapping[str, Any], speak: Callable[[str], str]) -> str:
    """Say what changed; `speak` gives a text in a language."""
    where = " › ".join((*one["within"], one["name"]))
    old, new = (_value(one[which], place=one["kind"] == "moved") for which in ("old", "new"))
    text = speak(_SENTENCES[one["kind"]]).format(where=where, old=old, new=new)
    return speak("{text} It means the same.").format(text=text) if one["same_meaning"] else text


def _value(value: object, *, place: bool) -> str:
    if isinstance(value, str):
        return str(int(value) + 1) if place else value
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"


def _print(changes: Sequence[dict[str, Any]]) -> None:
    if changes:
        rows = [[one["path_before" if one["kind"] == "removed" else "path"], _text(one, t)] for one in changes]
        output.table([t("place"), t("change")], rows)
