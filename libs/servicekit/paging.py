"""Pages of a list (google.aip.dev/158), by key: the token says behind which key the next page begins."""

import base64
from dataclasses import dataclass

from fenxiao.errors import Refusal


@dataclass(frozen=True, slots=True)
class Page:
    """What was asked for: how many rows, behind which key (empty: from the beginning)."""

    size: int
    after: str

    @staticmethod
    def token(last_key: str) -> str:
        """The token for the page behind this key."""
        return base64.urlsafe_b64encode(b"1" + last_key.encode()).decode().rstrip("=")


def page(size: int, token: str, *, default: int = 100, most: int = 1000) -> Page:
    """Reads the two fields of a list request. Raises `Refusal` INVALID_PAGE_SIZE or INVALID_PAGE_TOKEN."""
    if size < 0:
        raise Refusal("INVALID_PAGE_SIZE", "page_size must not be negative", field="page_size")
    if not token:
        return Page(min(size or default, most), "")
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        raw = ""
    if not raw.startswith("1"):
        raise Refusal("INVALID_PAGE_TOKEN", "page_token is not one that this service gave out", field="page_token")
    return Page(min(size or default, most), raw[1:])
