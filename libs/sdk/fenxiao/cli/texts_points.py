"""What the commands on points and rewards say, in Chinese."""

from typing import Final

CHINESE: Final = {
    # commands
    "Points of members: what they have, and what they redeem.": "成员的积分：余额与兑换。",
    "Show what a member has of each kind of points, and when it expires.": "查看成员各类积分的余额与到期时间。",
    "List what all members have of points.": "列出全部成员的积分余额。",
    "Redeem a member's points for a reward.": "用成员的积分兑换奖品。",
    "List redemptions, in the order in which they were made.": "按时间顺序列出兑换记录。",
    "Note that what was redeemed was delivered.": "记录兑换的奖品已交付。",
    "Give the points back for what is not delivered.": "奖品未交付时退回积分。",
    "Rewards: what points can be redeemed for.": "奖品：积分可兑换的内容。",
    "Define a reward, or another version of it.": "设定奖品，或为其设定新版本。",
    "List rewards, the newest version of each.": "列出奖品，每种只列最新版本。",
    "Take a reward out of the offer.": "下架奖品。",
    "Move the programme's time on without a distribution: release what is due, and let points expire.": (
        "推进计划的时间而不做分配：释放到期的款项与积分，并使过期积分失效。"
    ),
    # arguments and options
    "The kind of points.": "积分种类。",
    "Only this kind of points.": "只列这一种积分。",
    "The reward's id.": "奖品的编号。",
    "Only of this reward.": "只列这一奖品的。",
    "How many of the reward.": "兑换的数量。",
    "The version that the member has seen; another one is refused.": "成员所见的版本；若已变更则拒绝。",
    "The redemption's UUID.": "兑换记录的 UUID。",
    "Begins with a-z, then up to 63 of a-z, 0-9, _ and -.": "以 a-z 开头，其后最多 63 个 a-z、0-9、_ 或 -。",
    "Points for one.": "每份所需积分。",
    "What it is called in English.": "英文名称。",
    "What it is called in Chinese.": "中文名称。",
    "How many there are; as many as are wanted if it is left out.": "可兑换总数；不填则不限。",
    "It can be redeemed from then on: a date or a time.": "自何时起可兑换：日期或时间。",
    "It can be redeemed up to then: a date or a time.": "至何时止可兑换：日期或时间。",
    "What one gives in money, such as 5.00; a thing if it is left out.": "每份折合的金额，例如 5.00；不填则为实物。",
    "The currency of --money; the programme's if it is left out.": "--money 的货币；不填则为计划的货币。",
    "Those that are withdrawn, too.": "也列出已下架的。",
    # columns
    "{count} points ({kind})": "{count} 积分（{kind}）",
    "available": "可用",
    "redeemed": "已兑换",
    "expired": "已失效",
    "expires": "失效时间",
    "expires next": "最近失效",
    "price": "所需积分",
    "gives": "兑换所得",
    "a thing": "实物",
    "left": "剩余",
    "reward": "奖品",
    "redemption": "兑换记录",
    "quantity": "数量",
    "withdrawn": "已下架",
    "on offer": "可兑换",
    "fulfilled": "已交付",
    "cancelled": "已取消",
    "credited": "已入账",
    "the programme's time": "计划的时间",
    "earned at": "获得时间",
}
"""By the English."""
