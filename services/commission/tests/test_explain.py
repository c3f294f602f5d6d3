"""Every cent explained."""

from services.commission.tests.shop import PARENT, Shop, day


async def test_a_line_cites_its_rule_path_and_event(shop: Shop) -> None:
    sale = await shop.record(shop.report("s1", amount="855.86"))
    answer = await shop.explain("s1")
    assert answer == await shop.explain(sale.name)
    assert answer.sale == sale
    assert (answer.rounding, answer.engine_version) == ("half_up", "1")
    assert answer.plan.name == sale.plan
    assert [d.line for d in answer.derivations] == list(sale.lines)
    top = answer.derivations[2]
    assert top.rule == "/components/0/levels/2"
    assert list(top.path) == [f"{PARENT}/members/{shop.ids[name]}" for name in ("cai", "bob", "ann")]
    posted = next(r for r in await shop.service.recorded() if type(r.event).__name__ == "LinesPosted")
    assert {d.event_id for d in answer.derivations} == {str(posted.id)}
    assert answer.derivations[0].explanation_en == (
        "Level 0, the member credited with the sale: 8% of 855.86 GBP under component 'team' is 68.4688 GBP, "
        "rounded half up to 68.47 GBP; held until 2026-01-16T00:00:00Z at least."
    )
    assert answer.derivations[1].explanation_zh == (
        "第 1 层（其推荐人）：按组件“team”，855.86 GBP 的 4% 为 34.2344 GBP，四舍五入得 34.23 英镑；"
        "至少冻结到 2026-01-16T00:00:00Z。"
    )


async def test_what_a_return_takes_back_is_explained_by_its_sale(shop: Shop) -> None:
    await shop.record(shop.report("s1", amount="10"))
    await shop.record(shop.giving_back("r1", "s1", amount="3"))
    second = await shop.record(shop.giving_back("r2", "s1", amount="3.3", at=day(3)))
    answer = await shop.explain("r2")
    assert answer.sale == second
    words = answer.derivations[0]
    assert words.explanation_en == (
        "Level 0, the member credited with the sale: 6.3/10 of the sale has come back, and that share of the 0.80 GBP "
        "earned on it is 0.50 GBP, rounded half up; less 0.24 GBP taken back before, 0.26 GBP is taken back."
    )
    assert words.explanation_zh == (
        "第 0 层（该单所属成员）：原单已退 6.3/10，原佣金 0.80 英镑 按此比例四舍五入为 0.50 英镑，"
        "减去此前已扣回的 0.24 英镑，本次扣回 0.26 英镑。"
    )
    original = await shop.explain("s1")
    assert [sale.reference for sale in original.returns] == ["r1", "r2"]
    assert original.returns[1] == second


async def test_a_return_without_a_sale_says_so(shop: Shop) -> None:
    await shop.record(shop.giving_back("r1", amount="27.50"))
    words = (await shop.explain("r1")).derivations[0]
    assert "the return names no sale" in words.explanation_en
    assert "-2.20 GBP" in words.explanation_en
    assert "退货未指明原单" in words.explanation_zh
