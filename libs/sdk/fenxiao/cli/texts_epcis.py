"""What the commands on EPCIS documents say, in Chinese."""

from typing import Final

CHINESE: Final = {
    "EPCIS documents, without any service.": "EPCIS 文档，无需任何服务。",
    "Check EPCIS documents: every error with its event, path, rule and remedy.": (
        "检查 EPCIS 文档：列出每处错误的事件、路径、规则与改法。"
    ),
    "Print the event IDs (CBV 2.0 event hashes) of EPCIS documents.": (
        "打印 EPCIS 文档中各事件的 ID（CBV 2.0 事件哈希）。"
    ),
    "EPCIS documents or events in JSON, JSON-LD or XML; - is the standard input.": (
        "EPCIS 文档或事件，JSON、JSON-LD 或 XML 格式；- 表示标准输入。"
    ),
    "An EPCIS document in XML or JSON; - is the standard input.": "XML 或 JSON 格式的 EPCIS 文档；- 表示标准输入。",
    "Write an EPCIS document as XML or JSON; nothing if anything is wrong.": (
        "将 EPCIS 文档改写为 XML 或 JSON；如有任何错误则不输出。"
    ),
    "The form to write; the other one by default.": "要写成的格式；默认为另一种。",
    "strict: by the letter of the standard; lenient: mend what can be mended.": (
        "strict：严格按标准；lenient：可修正者先行修正。"
    ),
    "Print the texts of which the hashes are taken.": "打印用于计算哈希的文本。",
    "valid; events: {events}": "有效，共 {events} 个事件",
    "not valid; events: {events}, errors: {errors}": "无效，共 {events} 个事件，{errors} 处错误",
    "standard input": "标准输入",
    "mended": "已修正",
    "doubtful": "存疑",
    "… and {left} more": "……另有 {left} 处",
    "event {number}, {path}": "事件 {number}，{path}",
}
