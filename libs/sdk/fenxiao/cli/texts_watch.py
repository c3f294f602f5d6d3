"""What the commands on alarms and leaderboards say, in Chinese."""

from typing import Final

CHINESE: Final = {
    "Rules of law that the network does not satisfy.": "网络不符合的法律规则。",
    "List alarms, in the order in which closings raised them.": "按期间关闭时发出的顺序列出警示。",
    "Only about the period that begins on this day.": "仅限从这一天开始的期间。",
    "Show who comes first in a period, or who has reached a target.": "查看期间的排行榜，或达成目标的成员。",
    "pv, gv, sales, rank, highest, earned, or what a rank asks for: /ranks/1/legs/0.": (
        "pv、gv、sales、rank、highest、earned，或职级所要求的一项：/ranks/1/legs/0。"
    ),
    "The period's first day; without: the open one, so far.": "期间的第一天；不填则为进行中的期间至今的结果。",
    "Show at most so many members.": "最多显示这么多位成员。",
    "Only who has reached so much, and how many have.": "仅显示达到该数值的成员，以及达成人数。",
    "Also who comes first in the last period by this measure, as `leaderboard` has it.": (
        "另列出最后一个期间按该项计量的排行榜，计量方式同 `leaderboard`。"
    ),
    "found": "发现",
    "cleared": "已解除",
    "standing": "名次",
    "by": "计量方式",
    "value": "数值",
    "target": "目标",
    "have reached it": "达成人数",
    "{rule}: {law} To satisfy it: {cure} ({source})": "{rule}：{law}合规做法：{cure}（依据：{source}）",
    "Alarms": "警示",
    "Alarms that its close would raise as it stands: {count}": "按目前情况，关闭时将发出的警示：{count}",
    "Leaderboard of the last period, from {start}, by {by}": "最后一个期间（自 {start} 起）的排行榜：{by}",
}
"""By the English text, which stands in the code."""
