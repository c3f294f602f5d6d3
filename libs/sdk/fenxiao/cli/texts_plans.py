"""What the commands on plans say, in Chinese."""

from typing import Final

CHINESE: Final = {
    # commands
    "Try a plan on members and sales: what would it pay, to whom, and why?": (
        "用成员与销售试算方案：会付多少、付给谁、为什么。"
    ),
    "Try two plans on the same sales: who would win, and who would lose?": "用同样的销售比较两个方案：谁多得，谁少得。",
    "Check a plan document, and give hints on what is odd or dear about it.": (
        "检查方案文档，并提示可疑或代价高的写法。"
    ),
    "Show what differs between two plan documents.": "显示两份方案文档的差异。",
    "Show a programme's plan versions, and what changed from each to the next.": (
        "显示计划的各个方案版本及相邻版本之间的变化。"
    ),
    "Print the JSON schema of plan documents.": "打印方案文档的 JSON Schema。",
    # options
    "YAML or JSON; several are versions of one plan.": "YAML 或 JSON 文件；多个文件为同一方案的各版本。",
    "Publish it although it does not satisfy this rule.": "方案不符合此规则，仍要发布。",
    "Who answers for what is overridden.": "对此负责的人的姓名。",
    "Why it is overridden.": "仍要发布的理由。",
    "Members, in the import format.": "成员文件，格式与导入相同。",
    "Sales and returns, in the import format.": "销售与退货文件，格式与导入相同。",
    "Only what is known before: a date, or a time (RFC 3339).": (
        "只计此前已知的内容：日期，或带时差的时间（RFC 3339）。"
    ),
    "IANA name: in which days and periods begin.": "IANA 时区名：日与期间以此为准。",
    "Go on without the lines that are refused.": "略去被拒绝的行，继续试算。",
    "Show at most so many members; all of them if 0.": "最多显示的成员数；0 表示全部。",
    "Write every line to this .jsonl or .parquet file.": "把每条明细写入此 .jsonl 或 .parquet 文件。",
    "Show so many of those who come off worst.": "显示受损最多的成员数。",
    "Say of each line why it is what it is; with --lines or --json.": (
        "说明每条明细的由来；与 --lines 或 --json 一起使用。"
    ),
    "As if the plan had always been in force, whatever it says.": "视同方案一直有效，不论其生效时间。",
    "The plan as it is: YAML or JSON.": "现行方案：YAML 或 JSON 文件。",
    "The plan that would take its place.": "拟替换的方案。",
    "The document before: a file, or the hash of a published version.": "变更前：文件，或已发布版本的哈希。",
    "The document after: a file, or the hash of a published version.": "变更后：文件，或已发布版本的哈希。",
    # words
    "type": "类型",
    "file": "文件",
    "column": "列",
    "points": "积分",
    "net sales": "净销售额",
    "cut by caps": "封顶削减",
    "of this an estimate": "其中估算",
    "share of sales": "占销售额",
    "difference": "差额",
    "winners": "多得者",
    "losers": "少得者",
    "unchanged": "不变",
    "worst case": "最高支付比例",
    "place": "位置",
    "hint": "提示",
    "alarm": "警示",
    "change": "变化",
    "Reading": "读取中",
    "Rating": "计算中",
    # sentences
    "Who comes off worst: below zero, or with most lost to returns and caps": (
        "受损最多者：净额为负，或因退货与封顶损失最多"
    ),
    "{count} sales lie before the plan is in force; --always rates them too.": (
        "有 {count} 笔销售早于方案生效；--always 可一并计算。"
    ),
    "{count} lines were refused and left out.": "有 {count} 行被拒绝，已略去。",
    "{count} more members; --top 0 or --json shows all of them.": "另有 {count} 位成员；--top 0 或 --json 可显示全部。",
    "There is no network here: checked on this machine only.": "此处没有网络：仅在本机检查。",
    "nothing bounds it": "没有上限",
    "The two say the same.": "两份文档内容相同。",
    "{where} changes from {old} to {new}.": "{where} 由 {old} 改为 {new}。",
    "{where} is added: {new}.": "新增 {where}：{new}。",
    "{where} is taken out; it was {old}.": "删去 {where}；原为 {old}。",
    "{where} moves from place {old} to place {new}.": "{where} 由第 {old} 位移至第 {new} 位。",
    "{text} It means the same.": "{text}含义不变。",
}
"""By the English text, which stands in the code."""
