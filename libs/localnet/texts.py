"""The Chinese of what the commands of this machine's network say; the English stands in the code."""

from typing import Final

CHINESE: Final = {
    "Start the whole network and leave it running until Ctrl-C. Its data is kept.": (
        "启动整个网络并保持运行，直到按下 Ctrl-C；数据会保留。"
    ),
    "Run a scenario on a fresh network, and check what it shows. The main job: orders in, members paid, verified.": (
        "在全新网络上运行一个场景，并核对其结果。主场景：导入订单、付给成员、全部验证。"
    ),
    "What happens; see --list. The main job is gift.": "运行哪个场景，见 --list；主场景为 gift。",
    "List the scenarios, and start nothing.": "列出全部场景，不启动网络。",
    "It took {seconds} s.": "用时 {seconds} 秒。",
    "Check what the network needs, and say how to mend what is missing. Exit code 1 if something is.": (
        "检查网络所需的一切，并说明如何补齐；若有缺失，退出码为 1。"
    ),
    "Put test money into the vault for a programme.": "向金库存入计划所用的测试资金。",
    "Bind a development wallet to each member who has no proven one.": "为每位没有已验证钱包的成员绑定开发钱包。",
    "How much, in the programme's currency, such as 1234.50.": "金额，以计划货币计，例如 1234.50。",
    "The demo made this network; the next demo begins anew and removes what you add here.": (
        "此网络由演示创建；下次演示会重新开始，并清除您在此添加的内容。"
    ),
    "The network is up. Addresses: {addresses}; logs: {logs}. Ctrl-C stops it.": (
        "网络已启动。地址：{addresses}；日志：{logs}。按 Ctrl-C 停止。"
    ),
    "stopped; the data is kept": "已停止；数据已保留",
    "put into the vault": "存入金库",
    "transaction": "交易",
    "bound": "绑定",
    "kept": "保留",
    "Binding": "绑定中",
    "Everybody knows the keys of these wallets: they are good for trying out only.": (
        "这些钱包的私钥人人皆知，仅供试用。"
    ),
    "Nothing changed: every member has a proven wallet.": "没有变化：每位成员都已有经验证的钱包。",
    "There are no members yet; `fenxiao members import` brings them.": (
        "还没有成员；请用 `fenxiao members import` 导入。"
    ),
}
