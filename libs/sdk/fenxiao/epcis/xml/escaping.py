"""Text as it stands in XML."""

import re
from typing import Final

from fenxiao.epcis.strict_json import error

_NO_CHARACTER: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IN_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTE: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
)


def escape(text: str) -> str:
    """Write text between tags. Raises `EpcisError` NOT_IN_XML for characters that XML has not."""
    return _checked(text).translate(_IN_TEXT)


def escape_attribute(text: str) -> str:
    """Write text between double quotes. Raises `EpcisError` NOT_IN_XML for characters that XML has not."""
    return _checked(text).translate(_IN_ATTRIBUTE)


def _checked(text: str) -> str:
    if _NO_CHARACTER.search(text):
        raise error("NOT_IN_XML", "the event has a control character, which XML cannot hold; ask for it in JSON")
    return text
