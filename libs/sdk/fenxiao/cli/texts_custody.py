"""What the commands on recalls and on custody say, in Chinese."""

from typing import Final

CHINESE: Final = {
    # recalls
    "Recalls: from a lot to everybody who has something of it.": "召回：由批次找到每一位持有者。",
    "Show all that is affected, and who has how much; nothing is recorded.": (
        "预览受影响的货物及各方持有数量；不作记录。"
    ),
    "Recall goods: what is affected now is written down and made public.": "召回货物：记录并公开此刻受影响的货物。",
    "End a recall.": "结束召回。",
    "Show a recall, and what it has named.": "查看召回及其列明的货物。",
    "List recalls, the newest first.": "列出召回，最新的在前。",
    "The recall's UUID.": "召回的 UUID。",
    "Why it is recalled.": "召回原因。",
    "With all that it named when it was opened.": "附上发起时列明的全部货物。",
    "Only those that name this object or lot as affected.": "只列涉及此单品或批次的。",
    "Only those that are open.": "只列进行中的。",
    "Write all that is affected to this CSV file.": "把受影响的全部货物写入此 CSV 文件。",
    "Give for each the chain of events that leads to it.": "为每件货物列出导致其受影响的事件链。",
    "recall": "召回",
    "recalled at": "召回时间",
    "ended at": "结束时间",
    "not known": "不详",
    "safety": "安全",
    "quality": "质量",
    "labelling": "标签",
    "counterfeit": "假冒",
    "regulation": "法规",
    "… and {left} more; --limit 0 shows all of them": "……另有 {left} 项；--limit 0 可显示全部",
    "{count} items written to {file}": "已将 {count} 件货物写入 {file}",
    # custody
    "Custody of goods between two members, signed by both.": "货物保管权的交接：由双方成员签名。",
    "Print what a wallet signs (EIP-712) to offer goods, or to answer an offer.": (
        "打印钱包为交出货物或答复要约而签名的内容（EIP-712）。"
    ),
    "Offer custody of goods to another member; alone it moves nothing.": "向另一成员提出交接；单方签名不转移任何货物。",
    "Accept what was offered: custody goes over.": "接受交接：保管权随即转移。",
    "Reject what was offered.": "拒绝交接。",
    "Take an offer back.": "撤回要约。",
    "Show an offer with its signatures.": "查看要约及其签名。",
    "List offers, in the order in which they were made.": "按提出顺序列出要约。",
    "Show who has something, and by which signed hand-overs.": "查看货物由谁保管，以及历次签名交接。",
    "The offer's UUID.": "要约的 UUID。",
    "The offer's UUID; a new one if left out.": "要约的 UUID；不填则新生成。",
    "The wallet's private key: 64 hex digits, for your eyes only.": "钱包私钥文件：64 位十六进制数字，仅限本人可读。",
    "What a wallet signed: 0x and 130 hex digits.": "钱包的签名：0x 加 130 位十六进制数字。",
    "Who hands it over.": "交出方。",
    "Who is to take it over.": "接收方。",
    "What is handed over; of a lot so much: =12 or =200:KGM. Repeatable.": (
        "交接的货物；批次须写数量，如 =12 或 =200:KGM。可重复。"
    ),
    "Where it is handed over.": "交接地点。",
    "Business transaction that it belongs to; may be repeated.": "所属的业务单据；可重复。",
    "Until when the offer stands: a date or a time.": "要约的有效期：日期或时间。",
    "The offer that is answered.": "要答复的要约。",
    "How OFFER is answered: accept, reject or withdraw.": (
        "如何答复：accept（接受）、reject（拒绝）或 withdraw（撤回）。"
    ),
    "What a wallet has signed, as `typed-data` printed it.": "钱包所签的内容，即 `typed-data` 的输出。",
    "Only with this member on one of the sides.": "只列此成员为其中一方的。",
    "offer": "要约",
    "offered": "已提出",
    "accepted": "已接受",
    "offer rejected": "已拒绝",
    "offer withdrawn": "已撤回",
    "offer expired": "已过期",
    "stands until": "有效至",
    "transaction": "业务单据",
    "digest": "摘要",
    "No signed hand-over names it; `fenxiao trace locate` says what events know of it.": (
        "没有签名的交接提到它；可用 `fenxiao trace locate` 查看事件所知的情况。"
    ),
}
"""By the English."""
