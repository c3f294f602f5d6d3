"""What the gift wholesaler's month has come to, in words that a merchant understands, in English or Chinese."""

from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fenxiao.money import format_minor
from libs.localnet.steps import Demo

CURRENCY: Final = "GBP"

_WORDS: Final = {
    "en": {
        "members": "members",
        "sales": "sales",
        "returns": "returns",
        "lines": "commission lines",
        "accrued": "accrued",
        "clawed_back": "clawed back by returns",
        "released_by_delivery": "released by delivery",
        "paid": "paid by the contract",
        "debt": "debts carried forward",
        "transactions": "transactions on chain",
        "gas_per_payee": "gas per payee",
        "checks": "checks by the verifier",
        "wait": "commissions; {} still wait",
        "to": "to {} members",
        "of": "of {} members",
        "true": "all true",
        "next": "What to try next",
        "up": "starts this network again and leaves it running (keep it open; use a second terminal for these)",
        "statement": "what one member has earned and received",
        "explain": "why each line of a sale is what it is, to the cent",
        "tree": "the tree of sponsors",
        "verify": "recompute everything and hold it against the chain",
        "tail": "the events as they were published",
    },
    "zh": {
        "members": "成员",
        "sales": "销售",
        "returns": "退货",
        "lines": "佣金明细",
        "accrued": "应计佣金",
        "clawed_back": "因退货扣回",
        "released_by_delivery": "因送达放款",
        "paid": "合约已支付",
        "debt": "结转的欠款",
        "transactions": "链上交易",
        "gas_per_payee": "每位收款人的 gas",
        "checks": "验证器的检查",
        "wait": "笔佣金；仍在等待 {} 笔",
        "to": "付给 {} 名成员",
        "of": "涉及 {} 名成员",
        "true": "全部成立",
        "next": "接下来可以试试",
        "up": "再次启动本网络并保持运行（请保持窗口打开，在另一个终端执行以下命令）",
        "statement": "一名成员的应得与已得",
        "explain": "逐分解释一笔销售的每条佣金",
        "tree": "推荐关系树",
        "verify": "重新计算一切并与链上核对",
        "tail": "按发布顺序显示事件",
    },
}


def show(demo: Demo, language: str) -> None:
    """Print the figures, and what to try next, on stdout."""
    words, figures = _WORDS["zh" if language == "zh" else "en"], demo.figures
    money = {name: format_minor(figures[name], CURRENCY, "zh" if language == "zh" else "en") for name in _MONEY}
    notes = {
        "released_by_delivery": words["wait"].format(f"{figures['waiting_for_delivery']:,}"),
        "paid": words["to"].format(f"{figures['paid_members']:,}"),
        "debt": words["of"].format(f"{figures['debtors']:,}"),
        "checks": words["true"],
    }
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    for name in _ROWS:
        value = money.get(name) or f"{figures[name]:,}"
        table.add_row(words[name], value, notes.get(name, ""))
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    console.print(f"\n[bold]{words['next']}[/]")
    at = "" if demo.home.root.resolve() == Path(".fenxiao").resolve() else f"FENXIAO_HOME={demo.home.root} "
    for command, meaning in (
        (f"{at}make up", "up"),
        (f"{at}.venv/bin/fenxiao statement 17850", "statement"),
        (f"{at}.venv/bin/fenxiao explain 536365", "explain"),
        (f"{at}.venv/bin/fenxiao members tree --depth 2", "tree"),
        (f"{at}.venv/bin/fenxiao verify", "verify"),
        (f"{at}.venv/bin/fenxiao events tail --from-start --limit 20", "tail"),
    ):
        console.print(f"  {escape(command)}  [dim]{words[meaning]}[/]")


_MONEY: Final = ("accrued", "clawed_back", "paid", "debt")
_ROWS: Final = (
    *("members", "sales", "returns", "lines", "accrued", "clawed_back"),
    *("released_by_delivery", "paid", "debt", "transactions", "gas_per_payee", "checks"),
)
