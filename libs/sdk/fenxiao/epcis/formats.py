"""The formats that the EPCIS JSON schema names: `uri` (RFC 3986) and `date-time` (RFC 3339). Exact, and fast.

Compact URIs (`cbv:BizStep-shipping`, `example:size`) have the form of a URI, and the schema takes them as such.
"""

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final

from fenxiao.epcis.moments import is_moment

_PLAIN: Final = r"[A-Za-z0-9\-._~!$&'()*+,;=:@/]"
_QUERY: Final = rf"(?:{_PLAIN}|\?|%[0-9A-Fa-f]{{2}})*+"
_TAIL: Final = rf"(?:\?{_QUERY})?+(?:#{_QUERY})?+"
_PATH: Final = rf"(?:{_PLAIN}|%[0-9A-Fa-f]{{2}})*+"
_NAME: Final = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*+"
_USER: Final = r"(?:(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*+@)?"
_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+.\-]*+:"

# What nearly all URIs are: without an authority, or with one that is a plain host name.
_SIMPLE: Final = re.compile(rf"{_SCHEME}(?://[A-Za-z0-9\-.]++(?:/{_PATH})?+|(?!//){_PATH}){_TAIL}").fullmatch
_WITH_AUTHORITY: Final = re.compile(
    rf"{_SCHEME}//{_USER}(?:{_NAME}|\[([0-9A-Fa-f:.]+|[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+)\])"
    rf"(?::[0-9]*)?(?:/{_PATH})?{_TAIL}"
)


def is_uri(text: str) -> bool:
    """Whether a text is a URI with its scheme, as RFC 3986 has it. No length is too long here."""
    if _SIMPLE(text) is not None:
        return True
    found = _WITH_AUTHORITY.fullmatch(text)
    if found is None:
        return False
    address = found[1]
    if not address or address[0] in "vV":
        return True
    try:
        IPv6Address(address)
    except AddressValueError:
        return False
    return True


is_date_time: Final = is_moment
"""Whether a text is a date and time with its offset, as RFC 3339 has it."""
