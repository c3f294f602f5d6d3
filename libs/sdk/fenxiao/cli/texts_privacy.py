"""Chinese texts of the commands on who sees what of events, on erasure and on proofs of single events."""

from typing import Final

CHINESE: Final = {
    "Who sees what of events, and what of them is sealed.": "谁能看到事件的哪些内容，哪些内容加密封存。",
    "Show what holds.": "查看当前规则。",
    "Say who sees what from now on.": "设定今后谁能看到什么。",
    "Check a document without setting it.": "检查文档但不生效。",
    "YAML or JSON; see docs/privacy.md.": "YAML 或 JSON，见 docs/privacy.md。",
    "Of this version; without: the one in force.": "指定版本；不填则为当前版本。",
    "Destroy the keys of a party or an item: what was sealed cannot be read again by anybody.": (
        "销毁某一方或某件货物的密钥：已封存的内容任何人都不能再读取。"
    ),
    "The party that owned or had the goods: PGLN, GLN or URI.": "拥有或持有货物的一方：PGLN、GLN 或 URI。",
    "An object or a lot.": "一件货物或一个批次。",
    "Who reported events that name no such party: the subject of the credential.": (
        "未注明该方的事件的报告者：其凭证的 subject。"
    ),
    "Do it; without this nothing is destroyed.": "确认执行；不加此项则不销毁任何内容。",
    "{count} keys destroyed": "已销毁 {count} 个密钥",
    "Show what you see of an event with what proves it, or verify such a file.": (
        "查看您可见的事件内容及其证明，或验证此类文件。"
    ),
    "The event: its name or UUID.": "事件：名称或 UUID。",
    "Verify this file instead, without any server.": "改为验证此文件，无需服务器。",
    "Write the proof to this file.": "证明写入此文件。",
    "{opened} of {size} fields proved": "共 {size} 个字段，其中 {opened} 个已证明",
    "commitment": "承诺",
    "event hash": "事件哈希",
}
