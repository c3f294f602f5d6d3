"""Chinese texts of the commands about proofs."""

from typing import Final

CHINESE: Final = {
    "Write what is affected to a file that anybody can verify, with the proofs of the events behind it.": (
        "将受影响的货物连同相关事件的证明写入文件，任何人都可验证。"
    ),
    "Verify such a file without any server.": "不依赖任何服务器，验证这样的文件。",
    "Write the bundle to this file.": "证明包写入此文件。",
    "What `recall bundle` has written.": "`recall bundle` 写出的文件。",
    "The log's key, as you know it from elsewhere.": "日志的公钥，须从别处得知。",
    "{events} events, {in_log} of them in the log of {size} entries": (
        "{events} 个事件，其中 {in_log} 个已列入共 {size} 条的日志"
    ),
    "{items} items, {steps} steps that lead to them": "{items} 件货物，{steps} 个通向它们的步骤",
    "the log's key: {key}": "日志的公钥：{key}",
    "wrong: {what}": "有误：{what}",
    "not checked: {what}": "未检查：{what}",
}
"""By the English."""
