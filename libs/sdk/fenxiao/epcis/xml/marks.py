"""What JSON can hold and XML cannot, in a namespace of our own: an event written as XML is read as the same event.

`<fx:field name="…">` is a field whose name is no name in XML, or would be taken for one of the standard's; it may have
a `namespace` and a wish for its `prefix`. `<fx:list>` is a list within a list, `<fx:item>` a part of it.
"""

from typing import Final

from fenxiao.epcis.xml.elements import Element
from fenxiao.epcis.xml.parsing import BETWEEN
from fenxiao.epcis.xml.prefixes import OURS, Prefixes

PREFIX: Final = "fx"
FIELD: Final = f"{PREFIX}:field"
LIST: Final = f"{PREFIX}:list"
ITEM: Final = f"{PREFIX}:item"
MARKS: Final = OURS + BETWEEN


def mark_element(element: Element, kind: str, prefixes: Prefixes) -> None:
    """Give a marked element the name that it has in JSON."""
    element.is_own = True
    element.name = f"{PREFIX}:{kind}"
    if kind == "field":
        name = element.attributes.pop("name", "")
        namespace = element.attributes.pop("namespace", "")
        prefix = element.attributes.pop("prefix", "")
        element.name = prefixes.in_namespace(namespace, name, prefix) if namespace else name
