"""What the commands on master data say, in Chinese."""

from typing import Final

CHINESE: Final = {
    "Master data: what is known of what events name.": "主数据：事件所提及的地点、主体、品类与词汇的已知信息。",
    "List elements of vocabularies by what is known of them.": "按已知信息列出词汇表中的条目。",
    "Show all that is known of an element.": "显示一个条目的全部已知信息。",
    "Say all that is known of an element; what was known otherwise is gone.": (
        "设置一个条目的全部信息；此前的其他信息不再保留。"
    ),
    "Take the master data out of EPCIS documents, and leave out their events.": (
        "只取 EPCIS 文档中的主数据，不采集其中的事件。"
    ),
    "Only of this vocabulary, such as BusinessLocation.": "仅限此词汇表，如 BusinessLocation。",
    "Only what has one of these attributes.": "仅限具有其中一个属性的条目。",
    "Only what has this value; values divided by |.": "仅限具有此值的条目；多个值用 | 分隔。",
    "Only this and what lies below it.": "仅限此条目及其下级。",
    "Such as BusinessLocation, ReadPoint, EPCClass or Party.": "如 BusinessLocation、ReadPoint、EPCClass 或 Party。",
    "Such as name=Mill; once for each value.": "如 name=油坊；每个值写一次。",
    "An element that lies directly below it.": "其直接下级条目。",
    "vocabulary": "词汇表",
    "element": "条目",
    "elements": "条目数",
    "attributes": "属性数",
    "below it": "下级",
}
"""By the English."""
