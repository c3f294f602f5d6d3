"""What people read, in English and Chinese: the English text stands in the code, its Chinese here."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from fenxiao.cli import (
    texts_custody,
    texts_epcis,
    texts_masterdata,
    texts_plans,
    texts_points,
    texts_privacy,
    texts_proofs,
    texts_trace,
    texts_watch,
)

ENGLISH: Final = "en"
CHINESE: Final = "zh"

_CHINESE_TEXTS: Final = {
    **texts_custody.CHINESE,
    **texts_epcis.CHINESE,
    **texts_masterdata.CHINESE,
    **texts_plans.CHINESE,
    **texts_points.CHINESE,
    **texts_privacy.CHINESE,
    **texts_proofs.CHINESE,
    **texts_trace.CHINESE,
    **texts_watch.CHINESE,
    # commands
    "Fenxiao: a distribution network that its members need not take on trust.": (
        "分销：成员无需凭信任即可参与的分销网络。"
    ),
    "Programmes: one merchant's distribution scheme each.": "计划：每个商家的一套分销方案。",
    "Members and the tree of their sponsors.": "成员及其推荐关系树。",
    "The token and the vault that pay a programme's currency.": "支付计划货币的代币与金库。",
    "Sales and returns.": "销售与退货。",
    "Commission plans.": "佣金方案。",
    "Public events of the services.": "各服务的公开事件。",
    "Open a programme.": "新建计划。",
    "Show a programme.": "查看计划。",
    "List programmes.": "列出计划。",
    "Give a programme its placement tree; fixed from then on.": "为计划设定安置树；设定后不可更改。",
    "Give a member a place in the placement tree whom enrolment has not placed.": (
        "为加入时未安置的成员在安置树中安排位置。"
    ),
    "Places below each member in a binary (2) or matrix tree.": "每位成员之下的位置数：双轨为 2，矩阵按其宽度。",
    "Where members go below their sponsor who choose no place.": "未选位置的成员在推荐人之下如何滑落。",
    "The parent; by spill-over from there without --leg.": "安置上级；未给出 --leg 时从该处按规则滑落。",
    "left, right, or its number from 0 on the left.": "left、right，或从左起以 0 开始的编号。",
    "placement tree": "安置树",
    "CSV or Parquet: member_id, since, placement_id, leg.": "CSV 或 Parquet：member_id、since、placement_id、leg。",
    "The placement tree instead of that of the sponsors.": "显示安置树，而非推荐树。",
    "Record that a member's identity was checked, or the checks of a file.": (
        "记录成员已通过身份核验，也可按文件批量记录。"
    ),
    "Take back that a member's identity was checked.": "撤回成员的身份核验。",
    "Have a member live in another country from a moment on.": "变更成员自某时起所在的国家或地区。",
    "Publish in which countries the members live, for good: plans that pay by country need it.": (
        "公开成员所在的国家或地区，且不可撤回：按国家付佣的方案需要。"
    ),
    "When the check expires; without end if it is left out.": "核验到期的时间；不填则无期限。",
    "What the provider calls the check; stored encrypted.": "核验机构的编号；加密保存。",
    "CSV or Parquet: member_id, verified_at, verified_until, check_reference.": (
        "CSV 或 Parquet：member_id、verified_at、verified_until、check_reference。"
    ),
    "Why it counts no longer; stored encrypted.": "撤回的原因；加密保存。",
    "ISO 3166-1 alpha-2 code, such as GB.": "ISO 3166-1 两位字母代码，例如 CN。",
    "What stands as the country of these members is no ISO 3166-1 code; give `members change-country` one.": (
        "这些成员登记的国家不是 ISO 3166-1 代码，请用 `members change-country` 改正。"
    ),
    "country": "国家或地区",
    "countries": "成员的国家",
    "disclosed": "已公开",
    "not disclosed": "未公开",
    "identity": "身份核验",
    "not checked": "未核验",
    "checked at {time}": "{time} 已核验",
    "checked at {time}, until {end}": "{time} 已核验，有效至 {end}",
    "balanced": "逐层填满",
    "weaker": "人数较少的支线优先",
    "left": "最左线",
    "right": "最右线",
    "at the top": "树顶",
    "leg {leg} of {parent}": "{parent} 之下的支线 {leg}（从左起，0 为第一条）",
    "Name the token and the vault that pay; fixed from then on.": "登记用于支付的代币与金库；登记后不可更改。",
    "Show the token and the vault that pay.": "查看用于支付的代币与金库。",
    "Print the text that a wallet's owner signs to be paid there.": "打印钱包所有者为在此收款而需签名的文本。",
    "Bind a wallet by its owner's signature, or those of a file.": "凭所有者的签名绑定钱包，或批量绑定文件中的钱包。",
    "Import members from CSV or Parquet.": "从 CSV 或 Parquet 文件导入成员。",
    "Show a member.": "查看成员。",
    "Show the tree below a member, or the whole of it.": "查看某成员以下的推荐树，或整棵树。",
    "Import sales and returns from CSV or Parquet.": "从 CSV 或 Parquet 文件导入销售与退货。",
    "List sales and returns.": "列出销售与退货。",
    "Commission periods.": "佣金期间。",
    "Close every period that is over, and post what it comes to.": "关闭所有已结束的期间，并记入其佣金。",
    "List periods: the closed ones, then the open one.": "列出期间：先是已关闭的，然后是进行中的。",
    "Show what members came to in a closed period.": "查看成员在已关闭期间中的业绩与所得。",
    "Show what the open period comes to so far; nothing is posted.": "估算进行中的期间到目前的结果；不记账。",
    "The period's first day, such as 2026-01-01.": "期间的第一天，例如 2026-01-01。",
    "periods closed": "已关闭期间",
    "period": "期间",
    "from": "自",
    "to": "至",
    "posted": "已记入",
    "personal volume": "个人业绩",
    "group volume": "团队业绩",
    "rank": "职级",
    "highest rank": "最高职级",
    "earned": "所得",
    "open": "进行中",
    "closing": "关闭中",
    "Check a plan document, and publish nothing.": "检查方案文档，不发布。",
    "Publish a plan version; it never changes afterwards.": "发布方案版本；发布后不可更改。",
    "Show a plan version: the one in force, or one by its hash.": "查看方案版本：当前生效的，或按哈希指定的。",
    "List plan versions, in the order in which they come into force.": "按生效时间顺序列出方案版本。",
    "Close a distribution as of a moment, and see it paid.": "按某一时点关闭一次分配，并跟踪至付清。",
    "Show what members have earned and received.": "查看成员的应得与已得。",
    "Explain every line of a sale or return, or one line of a statement, to the cent.": (
        "逐分解释一笔销售或退货的每条佣金，或对账单中的一条明细。"
    ),
    "The merchant's number of the sale, or the UUID of a sale or line.": "商家的销售编号，或销售、明细的 UUID。",
    "Ranks that are granted to members.": "授予成员的职级。",
    "Grant a member a rank whatever the plan's rules say, or those of a file.": (
        "不论方案规则如何，授予成员职级；也可按文件批量授予。"
    ),
    "Let the plan's rules decide on a member's rank again.": "撤回授予，职级重新由方案规则决定。",
    "List granted ranks, in the order in which they were granted.": "按授予顺序列出职级。",
    "A rank of the plan.": "方案中的职级。",
    "When it is withdrawn at once; without end if it is left out.": "届时自动撤回；不填则无期限。",
    "CSV or Parquet: member_id, rank, since, until.": "CSV 或 Parquet：member_id、rank、since、until。",
    "since": "起",
    "until": "止",
    "granted by": "授予人",
    "Disputes about posted lines.": "对已入账明细的异议。",
    "Dispute a line on behalf of its member.": "代成员对其明细提出异议。",
    "Answer a dispute.": "答复异议。",
    "End a dispute; a correction is posted as a new line.": "了结异议；更正以新明细入账。",
    "List disputes, in the order in which they were opened.": "按提出顺序列出异议。",
    "Show a dispute with what was said.": "查看异议及双方陈述。",
    "The dispute's UUID.": "异议的 UUID。",
    "The UUID of a line, as statements and `explain` show it.": "明细的 UUID，见对账单与 `explain`。",
    "What is wrong with it; stored encrypted.": "异议理由；加密保存。",
    "The answer; stored encrypted.": "答复内容；加密保存。",
    "Why it ends so; stored encrypted.": "处理理由；加密保存。",
    "Uphold it and correct by so much: 1.50 in addition, -1.50 taken back.": (
        "异议成立并按此金额更正：1.50 为补记，-1.50 为扣回。"
    ),
    "Reject it; nothing is corrected.": "驳回异议，不作更正。",
    "Only those in this state.": "只列出此状态的异议。",
    "dispute": "异议",
    "opened": "提出",
    "answered": "已答复",
    "answer": "答复",
    "upheld": "成立",
    "rejected": "驳回",
    "resolved": "了结",
    "correction": "更正",
    "correcting line": "更正明细",
    "rule": "规则",
    "path": "推荐路径",
    "due": "应得",
    "posted before": "此前已记入",
    "posted in": "记入期间",
    "before caps": "封顶前",
    "rounding": "取整方式",
    "events behind it": "所依据的事件",
    "cuts": "截点",
    "on the volume of": "业绩来源",
    "takes back from": "扣回自",
    "{count} more events; --json shows all of them.": "另有 {count} 个事件；--json 可显示全部。",
    "Recompute everything from the public events and compare it with the chain.": (
        "根据公开事件重新计算一切，并与链上核对。"
    ),
    "Show public events as they come.": "持续显示公开事件。",
    "Show whether the network works, and where the money stands.": "查看网络是否正常以及资金状态。",
    "Issue a credential with the network's own key.": "用本网络的密钥签发凭证。",
    # options
    "Directory of the network; `.fenxiao` if none is named.": "网络所在目录；默认为 `.fenxiao`。",
    "Programme; not needed if there is only one.": "计划；只有一个时可省略。",
    "Print JSON on stdout.": "在标准输出打印 JSON。",
    "Language: en or zh.": "语言：en 或 zh。",
    "Seconds to wait for services that do not answer.": "服务无响应时等待的秒数。",
    "Print the version.": "显示版本。",
    "CSV with a header (UTF-8), or Parquet.": "带表头的 CSV（UTF-8）或 Parquet 文件。",
    "Take the whole file or nothing of it.": "整个文件要么全部导入，要么完全不导入。",
    "Write every refused line to this CSV file.": "把每条被拒绝的行写入此 CSV 文件。",
    "The merchant's number of the member, or the UUID.": "商家的成员编号，或 UUID。",
    "The merchant's number of the sale, or the UUID.": "商家的销售编号，或 UUID。",
    "Levels below; all of them if 0.": "向下层数；0 表示全部。",
    "At most so many; all of them if 0.": "最多显示数量；0 表示全部。",
    "A date in the programme's time zone, or a time with its offset (RFC 3339).": (
        "计划时区内的日期，或带时差的时间（RFC 3339）。"
    ),
    "A month (2010-12), a year, or FROM/TO (TO not included).": "月份（2010-12）、年份，或 起/止（不含止）。",
    "YAML or JSON.": "YAML 或 JSON 文件。",
    "Check here, without a service.": "在本机检查，不连接服务。",
    "Print the document as it was submitted.": "按提交时的原样打印文档。",
    "A plan's hash, or `current`.": "方案哈希，或 `current`。",
    "Only show what it would pay.": "只显示将支付的内容。",
    "Do not wait until it is paid.": "不等待付清。",
    "Verify this export instead of running services.": "验证此导出数据，而不连接服务。",
    "Address of a node of the chain.": "链节点的 RPC 地址。",
    "Address of the vault.": "金库合约地址。",
    "Address of the vault; the network's own if not given.": "金库合约地址；默认为本网络的金库。",
    "Address of the token; the network's own if not given.": "代币合约地址；默认为本网络的代币。",
    "Decimals of the token; given with --token.": "代币的小数位数；与 --token 一起给出。",
    "Number of the chain; the network's own if not given.": "链的编号；默认为本网络的链。",
    "Address of the wallet.": "钱包地址。",
    "What the owner signed: 0x and 130 hex digits.": "所有者的签名：0x 加 130 位十六进制数字。",
    "CSV or Parquet: member_id, account, signature.": "CSV 或 Parquet 文件：member_id、account、signature。",
    "Address of the token; from the export if not given.": "代币合约地址；未给出时取自导出数据。",
    "Block in which the vault was made; what is earlier is not read.": "金库部署时的区块；更早的区块不读取。",
    "Leave the chain out; the report says so.": "不核对链上数据；报告会注明。",
    "Where to put the export.": "导出数据的存放目录。",
    "A service; may be repeated. All of them if none is named.": "服务名；可重复。默认为全部。",
    "Begin with the first event.": "从第一个事件开始。",
    "Stop after so many.": "达到此数量后停止。",
    "What the credential's holder is: operator, merchant, auditor or regulator.": (
        "凭证持有者的角色：operator、merchant、auditor 或 regulator。"
    ),
    "A party (PGLN, GLN or URI) whose events it may see, and no others; may be repeated.": (
        "凭证所属的参与方（PGLN、GLN 或 URI），仅可查看与其有关的事件；可重复。"
    ),
    "A scope such as sales.write; may be repeated. By role if none is named.": (
        "权限，例如 sales.write；可重复。默认按角色。"
    ),
    "Good for every programme.": "对所有计划有效。",
    "How long it is valid: 30d, 12h or 90m.": "有效期：30d、12h 或 90m。",
    "Who it is for; appears in every event.": "签发对象；会出现在每个事件中。",
    "Name for people.": "显示名称。",
    "ISO 4217 code.": "ISO 4217 货币代码。",
    "IANA name, such as Europe/London.": "IANA 时区名，例如 Asia/Shanghai。",
    "Nothing that the programme records may be earlier.": "计划记录的内容不得早于此时间。",
    # words
    "member": "成员",
    "members": "成员",
    "members with lines": "有佣金明细的成员",
    "sponsor": "推荐人",
    "joined": "加入时间",
    "name": "名称",
    "wallet": "钱包",
    "state": "状态",
    "payee": "收款标识",
    "active": "正常",
    "suspended": "已暂停",
    "proven": "已验证",
    "not proven": "未验证",
    "programme": "计划",
    "currency": "货币",
    "time zone": "时区",
    "start": "起始",
    "sale": "销售",
    "return": "退货",
    "kind": "类型",
    "time": "时间",
    "amount": "金额",
    "level": "层级",
    "rate": "比例",
    "base": "基数",
    "held until": "冻结至",
    "waits for": "等待",
    "an identity check": "身份核验",
    "the delivery": "货物送达",
    "{least} payable": "应付余额达到 {least}",
    "and until": "并须",
    "the identity is checked": "完成身份核验",
    "component": "组成",
    "accrued": "应计",
    "clawed back": "扣回",
    "net": "净额",
    "held": "冻结",
    "payable": "应付",
    "in distribution": "分配中",
    "paid": "已付",
    "debt": "欠款",
    "lines": "明细",
    "taken": "导入",
    "repeated": "重复",
    "refused": "拒绝",
    "line": "行",
    "reason": "原因",
    "problem": "问题",
    "what to do": "处理办法",
    "version": "版本",
    "in force from": "生效时间",
    "hash": "哈希",
    "document": "文档",
    "distribution": "分配",
    "as of": "截至",
    "payees": "收款人",
    "root": "根",
    "service": "服务",
    "address": "地址",
    "answers": "响应",
    "yes": "是",
    "no": "否",
    "check": "检查",
    "checked": "已查",
    "failed": "失败",
    "chain": "链",
    "vault": "金库",
    "token": "代币",
    "why": "原因",
    "position": "位置",
    "event": "事件",
    "expires": "到期",
    "withheld": "暂扣",
    "closed": "已关闭",
    "on chain, and not active yet": "已上链，尚未生效",
    "being paid": "付款中",
    "blocked": "受阻",
    "sales": "销售",
    "returns": "退货",
    "paid_units": "已付代币单位",
    "distributions": "分配",
    "logs read from block": "日志起始区块",
    # sentences
    "Nothing of the file was taken, since lines are refused.": "因有被拒绝的行，整个文件均未导入。",
    "Nothing changed: all of it was taken before.": "没有变化：内容此前均已导入。",
    "{count} more refused lines; --rejects FILE lists all of them.": (
        "另有 {count} 行被拒绝；--rejects 文件可列出全部。"
    ),
    "Nothing changed: the wallet was bound before.": "没有变化：该钱包此前已绑定。",
    "The plan can be published.": "方案可以发布。",
    "The plan cannot be published:": "方案不能发布：",
    "Everything that was checked holds.": "所有检查项均成立。",
    "{count} checks failed.": "{count} 项检查失败。",
    "whether every sale was reported: a sale that nobody has recorded leaves no trace here": (
        "是否每笔销售都已上报：无人记录的销售在此不留痕迹"
    ),
    "roots, payments and balances on chain: no RPC address was given": "链上的根、付款与余额：未给出 RPC 地址",
    "roots, payments and balances on chain: not all of the vault's logs were read": (
        "链上的根、付款与余额：未读到金库的全部日志"
    ),
    "Not checked: {what}": "未检查：{what}",
    "It would pay {amount} to {payees} payees; {withheld} of {members} members wait for a wallet or standing.": (
        "将向 {payees} 位收款人支付 {amount}；{members} 位成员的 {withheld} 因钱包或状态暂扣。"
    ),
    "Blocked: {problem}. {step} It is tried again all the time; waiting for {seconds} s.": (
        "受阻：{problem}。{step}系统会不断重试；最多等待 {seconds} 秒。"
    ),
    # what to do when a distribution is blocked
    "The others are paid. Have the payees bind other wallets; the next distribution pays them there.": (
        "其他收款人均已付款。请让未收到款的收款人改绑其他钱包，下次分配会付到新钱包。"
    ),
    "Have the payees bind other wallets; the next distribution pays them there.": (
        "请让相关收款人改绑其他钱包，下次分配会付到新钱包。"
    ),
    "Put what is missing into the vault for this programme.": "金库余额不足，请为本计划向金库补足差额。",
    "Find out who paused the vault and why; its admin ends the pause.": (
        "金库已被暂停，请查明由谁暂停及原因，再由金库管理员恢复。"
    ),
    "Have the vault's admin allow the token.": "金库不接受该代币，请金库管理员将其列入许可。",
    "Have the vault's admin make the bridge's account a proposer, or give the bridge its right key.": (
        "链桥账户没有提议权限，请金库管理员授予，或为链桥换用正确的密钥。"
    ),
    "Send the bridge's account native coin for gas.": "链桥账户的手续费余额不足，请转入原生币。",
    "Connect the bridge to the vault and the chain that the programme's asset names.": (
        "链桥连接的金库或链不对，请改为计划资产所登记的金库与链。"
    ),
    "Stop: compare with `fenxiao verify` what stands on chain, and ask the guardian.": (
        "请先停止操作：用 `fenxiao verify` 核对链上数据，并向守护者确认。"
    ),
    "Look at the transaction: it has reverted, although its trials went well.": (
        "交易试算正常，上链后却被回退，请检查该笔交易。"
    ),
    "Look into the bridge's log.": "请查看链桥的日志。",
    "Checking": "检查中",
    "Importing": "导入中",
    "Exporting": "导出中",
    "No plan was in force: nothing is earned.": "当时没有生效的方案：不产生佣金。",
    "Explained": "解释",
    "Returns that name it": "指明该销售的退货",
}

_CHINESE_CHECKS: Final = {
    "placements": "每个位置在安置时均空闲且上级已安置；除非另有指定，即为规则所得",
    "order": "事件按其存储顺序排列，各出现一次，且全属本计划",
    "tree": "每位成员都位于先于其加入的推荐人之下，且无环",
    "plans": "每个方案的哈希与其文档一致",
    "sources": "入账的明细都属于已记录的销售、退货或异议",
    "corrections": "每项更正均由成立的异议授权，且扣回不超过该明细的剩余金额",
    "lines": "每笔销售和退货的明细均由当时的方案与推荐树得出",
    "sealed": "关闭所入账的明细与业绩都在其封存之后",
    "periods": "期间依次关闭，各按当时生效的方案",
    "closings": "每次关闭的明细与业绩均由其截止点、方案与推荐树得出",
    "alarms": "每次关闭都说明期间的销售额与报酬总额，并按方案的规则发出或解除警示",
    "booked": "每条入账明细在账本中恰好记一次",
    "entitlements": "每项应得等于成员明细中已可支付的部分，且从不减少",
    "trees": "每次分配的根、数据哈希与总额均由其应得得出",
    "statements": "每份对账单的金额与重新记账的结果一致",
    "paid": "对账单所称已付均由链上报告，且各记一次",
    "contracts": "各次分配所指的链、金库、代币与计划与此相同",
    "funds": "已读取的金库日志与其全部注资相符，没有遗漏",
    "roots": "每次分配的根、总额、数据与方案均在链上，且链上再无其他",
    "payouts": "金库付给每位收款人的与报告一致，且不多于应得",
    "balances": "金库所付均进入收款人已证明的钱包，且已到账",
    "solvency": "金库持有其尚欠的金额",
}
"""What the verifier checks, by the names of its checks."""

_language = ENGLISH


def detect(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Find the language: `--lang`, else FENXIAO_LANG, else that of the system."""
    for index, argument in enumerate(arguments):
        if argument == "--lang" and index + 1 < len(arguments):
            return _supported(arguments[index + 1])
        if argument.startswith("--lang="):
            return _supported(argument.removeprefix("--lang="))
    for name in ("FENXIAO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return _supported(value)
    return ENGLISH


def _supported(name: str) -> str:
    return CHINESE if name.lower().startswith("zh") else ENGLISH


def use(language: str) -> None:
    """Speak a language from now on."""
    global _language  # noqa: PLW0603 - one process speaks one language
    _language = language


def add(chinese: Mapping[str, str]) -> None:
    """Add what the commands of another package say."""
    _CHINESE_TEXTS.update(chinese)


def language() -> str:
    """Give the language spoken."""
    return _language


def check_text(name: str, meaning: str) -> str:
    """Give what a check of the verifier means in the language spoken; `meaning` is the English."""
    return _CHINESE_CHECKS.get(name, meaning) if _language == CHINESE else meaning


def t(text: str) -> str:
    """Give a text in the language spoken."""
    return _CHINESE_TEXTS.get(text, text) if _language == CHINESE else text


use(detect(sys.argv[1:], os.environ))
