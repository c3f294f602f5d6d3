"""What simulations and comparisons of plans come to, in the stable JSON of the command line (docs/cli.md)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from fenxiao.client.facts import FactFiles
from fenxiao.client.line_files import Value
from fenxiao.money import plain
from fenxiao.plans import ENGINE_VERSION, Plan, format_instant
from fenxiao.plans.explain import Derivation, explain
from fenxiao.plans.periods.inputs import Period
from fenxiao.plans.periods.leaderboard import By, Standing
from fenxiao.plans.sales.sale import SaleKind
from fenxiao.plans.trials.facts import Facts
from fenxiao.plans.trials.simulate import Posting, Simulation
from fenxiao.plans.trials.totals import Report, Sums, Totals, share_of

LINE_FIELDS: Final[Mapping[str, type[Value]]] = {
    "period_start": str,
    "period_end": str,
    "posted_in": str,
    "plan": str,
    "component": str,
    "asset": str,
    "member_id": str,
    "sale_id": str,
    "level": int,
    "other_id": str,
    "rule": str,
    "rate": str,
    "base": str,
    "exact_amount": str,
    "uncapped": int,
    "due": int,
    "posted_before": int,
    "amount": int,
    "estimate": bool,
}
_ZERO: Final = Decimal(0)
WORDS: Final[Mapping[str, type[Value]]] = {"explanation_en": str, "explanation_zh": str}
"""Fields that a line has where it is explained."""


class Version(NamedTuple):
    """A plan and the hash of its document."""

    plan: Plan
    hash: str
    effective_from: datetime
    """As the document says, also where the plan is taken as if it had always been in force."""


class Board(NamedTuple):
    """Who comes first in the last period."""

    by: str
    plan: Plan
    period: Period
    standings: Sequence[Standing]


class Trial(NamedTuple):
    """A simulation that has run."""

    versions: Sequence[Version]
    simulation: Simulation
    report: Report
    net: Decimal
    """What was sold, less what came back."""
    board: Board | None = None
    """If it was asked for, and there was a period."""

    @property
    def currency(self) -> str:
        """What is paid in."""
        return self.versions[-1].plan.currency

    def share(self, minor: int) -> str:
        """Give an amount as a share of sales; empty where nothing was sold."""
        share = share_of(minor, self.currency, self.net)
        return "" if share is None else plain(share)


def line(posting: Posting, hashes: Mapping[int, str]) -> dict[str, Value]:
    """Give a line with its derivation; `hashes` are the plans' by `id` of the plan."""
    rated = posting.line
    return {
        "period_start": format_instant(posting.period.start),
        "period_end": format_instant(posting.period.end),
        "posted_in": format_instant(posting.posted_in.start),
        "plan": hashes[id(posting.plan)],
        "component": rated.component,
        "asset": rated.asset,
        "member_id": rated.member,
        "sale_id": rated.sale,
        "level": rated.level,
        "other_id": rated.other,
        "rule": rated.rule,
        "rate": plain(rated.rate),
        "base": plain(rated.base),
        "exact_amount": plain(rated.exact_amount),
        "uncapped": rated.uncapped_minor,
        "due": posting.due_minor,
        "posted_before": posting.posted_before,
        "amount": posting.amount_minor,
        "estimate": posting.estimate,
    }


def words(posting: Posting) -> dict[str, Value]:
    """Say why a line is what it is."""
    rated, due = posting.line, posting.due_minor
    if not due and posting.posted_before:
        rated = rated._replace(rate=_ZERO, base=_ZERO, exact_amount=_ZERO, uncapped_minor=0, amount_minor=0)
    is_return = bool(rated.sale) and rated.base < 0
    told = Derivation(line=rated, posted_before=posting.posted_before, is_return=is_return, estimate=posting.estimate)
    explained = explain(posting.plan, told)
    return {"explanation_en": explained.en, "explanation_zh": explained.zh}


def versions(given: Iterable[Version]) -> list[dict[str, Any]]:
    """Give plan versions."""
    return [
        {
            "hash": hash_,
            "plan": plan.plan,
            "version": plan.version,
            "currency": plan.currency,
            "effective_from": format_instant(since),
        }
        for plan, hash_, since in given
    ]


def given(files: FactFiles, facts: Facts) -> dict[str, Any]:
    """Give what the plans were tried on."""
    kinds = [SaleKind.RETURN if sale.amount < 0 else SaleKind.SALE for sale in facts.sales.values()]
    return {
        "members": len(facts.tree),
        "sales": kinds.count(SaleKind.SALE),
        "returns": kinds.count(SaleKind.RETURN) + len(facts.returns),
        "repeated": files.repeated,
        "refused": files.refused,
        "problems": [asdict(problem) for problem in files.problems],
    }


def trial(done: Trial, worst: int) -> dict[str, Any]:
    """Give what a simulation comes to, all but its lines."""
    types = {one.id: one.type for version in done.versions for one in version.plan.components}
    money = done.report.money
    return {
        "plans": versions(done.versions),
        "engine_version": ENGINE_VERSION,
        "currency": done.currency,
        "as_of": None if done.simulation.as_of is None else format_instant(done.simulation.as_of),
        "net_sales": plain(done.net),
        "unrated_sales": done.simulation.unrated,
        "totals": {**_sums(done, money.all), "members": len(money.members)},
        **_parts(done, money, types),
        "worst": [{"member_id": member, **_sums(done, sums)} for member, sums in money.worst(worst)],
        "periods": [
            {
                "start": format_instant(period.start),
                "end": format_instant(period.end),
                "over": done.simulation.as_of is None or period.end <= done.simulation.as_of,
                **_sums(done, sums),
            }
            for period, sums in money.periods.items()
        ],
        "points": [
            {"asset": asset, "totals": _sums(None, totals.all), **_parts(None, totals, types)}
            for asset, totals in done.report.assets.items()
            if asset
        ],
    }


def leaderboard(board: Board | None) -> dict[str, Any] | None:
    """Give a leaderboard as the service does."""
    if board is None:
        return None
    ranks = [rank.id for rank in board.plan.ranks] if board.by in {By.RANK, By.HIGHEST} else []
    return {
        "by": board.by,
        "start": format_instant(board.period.start),
        "end": format_instant(board.period.end),
        "standings": [
            {
                "place": one.place,
                "member_id": one.member,
                "value": plain(one.value),
                "rank": ranks[int(one.value) - 1] if ranks else "",
            }
            for one in board.standings
        ],
    }


def _parts(done: Trial | None, totals: Totals, types: Mapping[str, str]) -> dict[str, Any]:
    by_member: dict[str, dict[str, int]] = {}
    for (member, component), net in totals.members_by_component.items():
        by_member.setdefault(member, {})[component] = net
    return {
        "by_component": [
            {"component": name, "type": types[name], **_sums(done, sums)} for name, sums in totals.components.items()
        ],
        "by_level": [
            {"component": key.component, "level": key.level, **_sums(done, sums)}
            for key, sums in sorted(totals.levels.items(), key=lambda item: (list(types).index(item[0][0]), item[0][1]))
        ],
        "by_member": [
            {"member_id": member, **_sums(done, sums), "components": by_member[member]}
            for member, sums in totals.members.items()
        ],
    }


def _sums(done: Trial | None, sums: Sums) -> dict[str, Any]:
    """Give sums; those of points are no share of sales."""
    share = {} if done is None else {"share_of_sales": done.share(sums.net)}
    return {
        "lines": sums.lines,
        "accrued": sums.accrued,
        "clawed_back": sums.clawed_back,
        "net": sums.net,
        "cut": sums.cut,
        "estimate": sums.estimate,
        **share,
    }


def comparison(a: Trial, b: Trial) -> dict[str, Any]:
    """Give who wins and who loses how much where B takes the place of A."""
    before, after = a.report.money, b.report.money
    members = _differences(_net(before.members), _net(after.members))
    members.sort(key=lambda one: (one["difference"], one["name"]))
    changed = [one["difference"] for one in members]
    return {
        "a": _side(a),
        "b": _side(b),
        "currency": a.currency,
        "net_sales": plain(a.net),
        "difference": after.all.net - before.all.net,
        "winners": {"members": sum(1 for d in changed if d > 0), "amount": sum(d for d in changed if d > 0)},
        "losers": {"members": sum(1 for d in changed if d < 0), "amount": sum(d for d in changed if d < 0)},
        "unchanged": sum(1 for d in changed if not d),
        "by_component": [
            {"component": one.pop("name"), **one}
            for one in _differences(_net(before.components), _net(after.components))
        ],
        "by_member": [{"member_id": one.pop("name"), **one} for one in members],
    }


def _side(done: Trial) -> dict[str, Any]:
    [version] = versions(done.versions)
    return {**version, "totals": _sums(done, done.report.money.all)}


def _net(sums: Mapping[str, Sums]) -> dict[str, int]:
    return {name: one.net for name, one in sums.items()}


def _differences(before: Mapping[str, int], after: Mapping[str, int]) -> list[dict[str, Any]]:
    names = dict.fromkeys([*before, *after])
    pairs = ((name, before.get(name, 0), after.get(name, 0)) for name in names)
    return [{"name": name, "a": a, "b": b, "difference": b - a} for name, a, b in pairs]
