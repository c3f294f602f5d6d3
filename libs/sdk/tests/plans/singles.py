"""Random components that pay on single sales, and random goods for the shop's sales."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from fenxiao.plans import Plan
from fenxiao.plans.periods.inputs import Sold
from libs.sdk.tests.plans.shop import plan

PRODUCTS = "products: [{id: tea, category: drink}, {id: oil, category: food}]"
RANKS = "ranks: [{id: silver}, {id: gold}]"

rates = st.sampled_from(["0%", "5%", "8.333%", "2.9%"])
money = st.sampled_from(["0.5", "1", "2.005", "0"])
levels = st.lists(rates, min_size=1, max_size=4)
_NAMES = {
    "products": ["tea", "oil"],
    "categories": ["drink", "food"],
    "channels": ["app"],
    "classes": ["retail", "personal"],
}


@st.composite
def selections(draw: st.DrawFn) -> list[dict[str, list[str]]]:
    """What special entries select: no two of them the same with equal right."""
    values = {name: st.sampled_from(options) for name, options in _NAMES.items()}
    one = st.fixed_dictionaries({}, optional=values).filter(bool)
    found = draw(st.lists(one, max_size=4, unique_by=lambda chosen: tuple(sorted(chosen.items()))))
    return [{name: [value] for name, value in chosen.items()} for chosen in found]


def _priced(draw: st.DrawFn, *names: str) -> dict[str, Any]:
    name = draw(st.sampled_from(names))
    return {name: draw(rates if name == "rate" else money)}


def _direct(draw: st.DrawFn) -> dict[str, Any]:
    part = _priced(draw, "rate", "rate", "flat", "per_unit")
    special = [{**which, **_priced(draw, "rate", "flat", "per_unit")} for which in draw(selections())]
    return {**part, "type": "direct", **({"special": special} if special else {})}


def _points(draw: st.DrawFn) -> dict[str, Any]:
    def price() -> dict[str, Any]:
        return {draw(st.sampled_from(["rate", "flat"])): draw(money)}

    part = {**price(), "type": "points", "kind": draw(st.sampled_from(["star", "mile"]))}
    if draw(st.booleans()):
        part["levels"] = draw(levels)
    special = [{**which, **price()} for which in draw(selections())]
    return {**part, **({"special": special} if special else {})}


def _tables(draw: st.DrawFn, ranked: bool) -> dict[str, Any]:
    part: dict[str, Any] = {"levels": draw(levels)}
    if ranked and draw(st.booleans()):
        named = draw(st.sampled_from([["silver"], ["gold"], ["silver", "gold"]]))
        part["by_rank"] = [{"rank": rank, "levels": draw(levels)} for rank in named]
    return part


def _unilevel(draw: st.DrawFn, ranked: bool) -> dict[str, Any]:
    special = [{**which, **_tables(draw, ranked)} for which in draw(selections())]
    return {**_tables(draw, ranked), "type": "unilevel", **({"special": special} if special else {})}


def _tiers(draw: st.DrawFn) -> dict[str, Any]:
    bounds = sorted(draw(st.lists(st.integers(0, 600), min_size=1, max_size=3, unique=True)))
    steps: list[dict[str, Any]] = [{"start": f"{bound}.5", "rate": draw(rates)} for bound in bounds]
    if draw(st.booleans()):
        steps[-1]["end"] = str(bounds[-1] + 300)
    return {"type": "direct", "tiers": {"mode": draw(st.sampled_from(["marginal", "retroactive"])), "steps": steps}}


@st.composite
def components(draw: st.DrawFn, name: str = "c", *, with_sale: bool = False) -> dict[str, Any]:
    """A component; `with_sale`: one that posts with the sale."""
    kind = draw(st.sampled_from(["direct", "points", "unilevel"] + ([] if with_sale else ["tiers"])))
    match kind:
        case "direct":
            part = _direct(draw)
        case "points":
            part = _points(draw)
        case "unilevel":
            part = _unilevel(draw, ranked=not with_sale)
        case _:
            part = _tiers(draw)
    prices = [part, *part.get("special", ())]
    if kind in {"unilevel", "tiers"} or any("rate" in price for price in prices):
        part["on"] = {
            "measure": draw(st.sampled_from(["amount", "amount", "margin", "points", "quantity"])),
            "share": draw(st.sampled_from(["100%", "40%", "33.3%"])),
        }
    if not any("channels" in price for price in prices) and draw(st.integers(0, 3)) == 0:
        part.setdefault("on", {})["channels"] = ["app"]
    if draw(st.integers(0, 2)) == 0:
        part["caps"] = {"sale": draw(st.sampled_from(["1", "3", "10.005"]))}
    if not with_sale and draw(st.booleans()):
        part["qualify"] = draw(st.sampled_from([{"rank": "silver"}, {"active": {"volume": "100"}}]))
        if kind == "unilevel":
            part["compression"] = draw(st.sampled_from(["true", "false"]))
    return {"id": name, **part}


def plan_of(*parts: dict[str, Any], rounding: str = "half_up") -> Plan:
    """A plan of components, with the products and ranks that they may name."""
    return plan(json.dumps(parts), f"{{{PRODUCTS}, {RANKS}, rounding: {rounding}}}")


@st.composite
def goods(draw: st.DrawFn, sale: Sold) -> Sold:
    """A sale with margin, quantity and, now and then, another category than its product's."""
    sign = 1 if sale.amount > 0 else -1
    return sale._replace(
        margin=(sale.amount * draw(st.sampled_from([Decimal("0.3"), Decimal(1), Decimal("0.125")]))),
        quantity=sign * draw(st.sampled_from([Decimal(1), Decimal(3), Decimal("0.25")])),
        category=draw(st.sampled_from(["", "", "", "food"])),
    )
