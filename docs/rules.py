"""Writes `docs/rules.md` from the rule packs: `make docs`. A test fails when the page is stale."""

from collections.abc import Iterator
from pathlib import Path

from fenxiao.plans.rules import EVERYWHERE, Pack, Rule, load_pack, pack_names
from fenxiao.plans.rules.checks import Check

PAGE = Path(__file__).with_name("rules.md")

INTRODUCTION = """# Rule packs: what the law asks of a plan

Made from `libs/sdk/fenxiao/plans/rules/packs/` by `make docs`; do not edit.

**This is no legal advice, 本页不构成法律意见.** A pack states what its authors read in the sources that it cites, and
the notes say what they could not verify. It sees plans and figures, not conduct. Ask a lawyer of the place where you
sell.

A plan names the packs that it must satisfy in `jurisdictions`; `everywhere` holds for all. Before a plan is published
every rule about plans is checked (`fenxiao plan validate`): one that **refuses** keeps it from being published, unless
a named person overrides the rule and gives a reason, both recorded with the plan; an **alarm** is shown. Rules about
the network are watched while it runs: each closing of a period raises alarms, and `fenxiao period estimate` shows what
the next one would raise (docs/plans.md, "What is watched"). A plan that was published stays readable and rated as it
was, whatever rules come later. For the verifier finds every alarm again: a rule about the network that is added to a
pack holds from a day that is still to come.

What a plan may pay at most is computed as a share of the amount sold (`fenxiao.plans.language.worst`): a share of the
margin counts as the same share of the amount; what is based on points (CV) or quantities, flat rewards and what grows
with the depth of the network have no bound unless a cap by volume (`caps.volume`, or the plan's `cap`) in the amount or
the margin gives one. What members earn in points counts at what they can be redeemed for in money at most (`worth`),
before publication and while the network runs; the plan's `cap` does not bound it. Points without a `worth` count
nothing, and settlement lets no reward give money for them. Things that points buy are not counted: their value is not
known here.
"""


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for name in (EVERYWHERE, *sorted(pack_names())):
        parts += _pack(load_pack(name))
    return "\n".join(parts).rstrip() + "\n"


def _pack(pack: Pack) -> Iterator[str]:
    yield f"## {pack.pack}: {pack.name.en} {pack.name.zh}\n"
    yield f"{pack.about.en}\n"
    yield f"{pack.about.zh}\n"
    yield "| rule | what the law says | what would satisfy it | severity | since |"
    yield "| --- | --- | --- | --- | --- |"
    yield from (_rule(pack, rule) for rule in pack.rules)
    if pack.also:
        yield f"\nThese belong here too: {', '.join(f'`{name}`' for name in pack.also)}."
    yield "\nSources:\n"
    for source in pack.sources:
        note = f" *{source.note.en}*" if source.note else ""
        where = f"<{source.where}>" if source.where.startswith("http") else f"`{source.where}`"
        yield f"- {source.title.en} ({source.title.zh}), {source.article}, {source.in_force}; {where}.{note}"
    yield ""


def _rule(pack: Pack, rule: Rule) -> str:
    what = "plan" if isinstance(rule.check, Check) else "network"
    severity = f"{rule.severity}, {what}" + ("" if rule.overridable else ", no override")
    said = f"{rule.law.en}<br>{rule.law.zh} | {rule.satisfied_by.en}<br>{rule.satisfied_by.zh}"
    return f"| `{pack.pack}/{rule.id}` | {said} | {severity} | {rule.effective_from} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
