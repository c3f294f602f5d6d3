"""The words of the pages, English and Chinese."""

from typing import Final

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "also": ("中文", "English"),
    "alarm": ("Sensors gave {count} alarms on the way.", "途中传感器报警 {count} 次。"),
    "certificates": ("Certificates", "证书"),
    "certificates_note": (
        "Named by those who reported the steps. The pages are their own.",
        "由记录各步骤的企业提供，链接指向其自己的页面。",
    ),
    "country": ("Country of origin", "原产国"),
    "bestBeforeDate": ("Best before", "最佳食用期至"),
    "sellByDate": ("Sell by", "销售截止日期"),
    "itemExpirationDate": ("Use by", "有效期至"),
    "from_container": ("what carried it", "其运输单元"),
    "from_lot": ("the whole lot", "整个批次"),
    "from_source": ("what it is made of", "其原料或组成"),
    "gtin": ("GTIN", "GTIN"),
    "item": ("Traced item", "可追溯商品"),
    "journey": ("Journey", "来路"),
    "journey_empty": ("No step has been reported yet.", "尚无任何步骤记录。"),
    "journey_product": (
        "This code names the product. Scan the code of a lot or of a single item to see its journey.",
        "此码只代表产品。请扫描批次码或单件码查看来路。",
    ),
    "journey_short": ("Long journeys are shown in part: the beginning and the end.", "来路较长，仅显示开头与结尾。"),
    "key": ("Identifier", "标识"),
    "links": ("More about it", "更多信息"),
    "links_of": ("Links for {item}", "{item} 的链接"),
    "lot": ("Lot", "批次"),
    "map": ("Map", "地图"),
    "map_alt": ("Map of the journey; its stops are listed above by their numbers.", "来路地图；各站按编号列于上文。"),
    "map_note": ("Land: Natural Earth, public domain.", "陆地轮廓：Natural Earth（公有领域）。"),
    "no_certificates": ("No certificate has been named.", "未提供证书。"),
    "origin": ("Origin", "产地"),
    "place_country": ("{name}, {country}", "{name}（{country}）"),
    "place_unnamed": ("a place that is not public", "未公开的地点"),
    "proof": ("Proof", "验证"),
    "proof_anchor": (
        "The proof that an event stands in the record on the chain comes with the log of the chain bridge.",
        "事件已写入链上记录的证明，由链桥日志提供。",
    ),
    "proof_check": (
        "Whoever has the event itself computes its hash with this command, and compares:",
        "持有事件原文者可用此命令计算哈希值并比对：",
    ),
    "proof_file": ("what proves it", "其证明"),
    "proof_intro": (
        "Each step is an EPCIS event (ISO/IEC 19987), named by the hash of all that it says. A step that is changed"
        " has another hash.",
        "每个步骤是一条 EPCIS 事件（ISO/IEC 19987），以其全部内容的哈希值命名；内容一经更改，哈希值即不同。",
    ),
    "proof_steps": ("The hashes of all steps", "各步骤的哈希值"),
    "recall": ("Recall", "召回"),
    "recall_no": ("No recall is known.", "未发现召回。"),
    "recall_yes": (
        "This item is recalled. Do not use it; ask where you bought it.",
        "此商品已被召回。请停止使用并联系购买处。",
    ),
    "recall_reason": ("Reason: {reasons}", "原因：{reasons}"),
    "serial": ("Serial number", "序列号"),
    "skip": ("To the content", "跳到正文"),
    "step": ("Step", "步骤"),
    "step_other": ("Reported", "已记录"),
    "temperature": ("Temperature on the way", "途中温度"),
    "temperature_range": ("{least} to {most} °C, {count} readings", "{least} 至 {most} °C，共 {count} 个读数"),
    "time": ("Time", "时间"),
    "unknown_heading": ("Nothing is known here", "未找到记录"),
    "unreported": (
        "Nobody has reported this very item. If its label looks wrong, ask the maker.",
        "尚无关于此单件的任何记录。若标签可疑，请联系生产者。",
    ),
    "wrong_heading": ("This address is not right", "地址有误"),
}
"""Key → English, Chinese."""

PROBLEMS: Final[dict[str, str]] = {
    "NO_SUCH_ITEM": "没有关于此商品的任何记录。请核对地址是否与标签一致。",
    "NO_SUCH_LINK": "没有此类链接。",
    "NO_SUCH_RESOLVER": "此域名不属于任何项目。",
    "WRONG_CHECK_DIGIT": "编号的校验位不对。请核对是否有输错的数字。",
    "INVALID_DIGITAL_LINK": "这不是 GS1 数字链接。请核对地址是否与标签一致。",
    "INVALID_LINK_TYPE": "没有这种链接类型。",
    "INVALID_HOST": "服务器名称不正确。",
    "INVALID_SIZE": "尺寸超出范围。",
    "INVALID_LEVEL": "纠错等级应为 L、M、Q 或 H。",
    "COMPRESSED_LINK": "不支持压缩链接，请写出完整的 GTIN。",
}
"""Reason → Chinese; the English text comes with the refusal."""

REASONS: Final[dict[str, tuple[str, str]]] = {
    "SAFETY": ("safety", "安全"),
    "QUALITY": ("quality", "质量"),
    "LABELLING": ("labelling", "标签"),
    "COUNTERFEIT": ("counterfeit", "假冒"),
    "REGULATION": ("regulation", "法规"),
}

STEPS: Final[dict[str, tuple[str, str]]] = {
    "accepting": ("Accepted", "验收"),
    "arriving": ("Arrived", "到达"),
    "assembling": ("Assembled", "组装"),
    "collecting": ("Collected", "收集"),
    "commissioning": ("Made and labelled", "生产赋码"),
    "consigning": ("Consigned", "托运"),
    "creating_class_instance": ("Made", "生产"),
    "cycle_counting": ("Counted", "盘点"),
    "decommissioning": ("Label withdrawn", "标识注销"),
    "departing": ("Departed", "离开"),
    "destroying": ("Destroyed", "销毁"),
    "disassembling": ("Taken apart", "拆解"),
    "dispensing": ("Dispensed", "分发"),
    "encoding": ("Label written", "写入标签"),
    "entering_exiting": ("Passed a door", "出入"),
    "holding": ("Held for inspection", "暂存待检"),
    "inspecting": ("Inspected", "检验"),
    "installing": ("Installed", "安装"),
    "killing": ("Tag switched off", "标签灭活"),
    "loading": ("Loaded", "装载"),
    "other": ("Other step", "其他步骤"),
    "packing": ("Packed", "包装"),
    "picking": ("Picked", "拣选"),
    "receiving": ("Received", "收货"),
    "removing": ("Removed", "移除"),
    "repackaging": ("Packed anew", "重新包装"),
    "repairing": ("Repaired", "维修"),
    "replacing": ("Replaced", "更换"),
    "reserving": ("Reserved", "预留"),
    "retail_selling": ("Sold in a shop", "零售"),
    "sampling": ("Sampled", "抽样"),
    "sensor_reporting": ("Measured", "传感器测量"),
    "shipping": ("Shipped", "发货"),
    "staging_outbound": ("Made ready to ship", "待运"),
    "stock_taking": ("Stock taken", "清点库存"),
    "stocking": ("Put on the shelf", "上架"),
    "storing": ("Stored", "储存"),
    "transporting": ("Carried", "运输"),
    "unloading": ("Unloaded", "卸载"),
    "unpacking": ("Unpacked", "拆包"),
    "void_shipping": ("Shipment cancelled", "取消发货"),
}
"""The standard's business steps (CBV 2.0, 7.1), as a shopper says it."""


def words(language: str) -> dict[str, str]:
    """The texts in one language."""
    return {key: pair[language == "zh"] for key, pair in TEXTS.items()}


def step_name(step: str, language: str) -> str:
    """A business step in words; a partner's own steps stay their own."""
    return STEPS.get(step, TEXTS["step_other"])[language == "zh"]
