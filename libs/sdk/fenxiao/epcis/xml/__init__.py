"""EPCIS in XML (ISO/IEC 19987, 9): read as the JSON that stands for the same events, one by one, and written from it.

1.0 to 1.2 and 2.0 are read. Where the standard has an element between a list and its items, or an attribute, JSON has
neither (`fields`); where it has namespaces, JSON has prefixes (`prefixes`).
"""

from fenxiao.epcis.xml.documents import write_document
from fenxiao.epcis.xml.structure import XmlStructure, is_xml
from fenxiao.epcis.xml.writing import Spelling, as_urn, as_web_uri, write_event

__all__ = ["Spelling", "XmlStructure", "as_urn", "as_web_uri", "is_xml", "write_document", "write_event"]
