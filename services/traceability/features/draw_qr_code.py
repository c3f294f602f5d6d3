"""Draws the QR code of an item: its address at this resolver, to be printed on it."""

import io
from typing import Final

import segno
from aiohttp import web

from fenxiao.errors import Refusal
from services.traceability.domain.digital_links import Asked
from services.traceability.shared.resolver import HEADERS, Root

_LEAST, _MOST, _USUAL = 64, 2048, 512
_LEVELS: Final = ("L", "M", "Q", "H")
_QUIET: Final = 4
"""Modules around the code, as ISO/IEC 18004 wants it."""
_CACHED: Final = "public, max-age=86400"


def draw_qr_code(request: web.Request, root: Root, asked: Asked, file: str) -> web.Response:
    """As SVG or PNG: `?size=` is its width in pixels, `?level=` how much of it may be damaged.

    Raises `Refusal` INVALID_SIZE or INVALID_LEVEL.
    """
    size = request.query.get("size", str(_USUAL))
    if not (size.isascii() and size.isdigit() and len(size) < 6 and _LEAST <= int(size) <= _MOST):
        raise Refusal("INVALID_SIZE", f"size is a number of pixels from {_LEAST} to {_MOST}", field="size")
    level = request.query.get("level", "M").upper()
    if level not in _LEVELS:
        raise Refusal("INVALID_LEVEL", f"level is one of {', '.join(_LEVELS)}, from weak to strong", field="level")
    code = segno.make_qr(f"{root.url}/{asked.path}", error=level, boost_error=False)
    width, _ = code.symbol_size(border=_QUIET)
    out = io.BytesIO()
    if file.endswith(".png"):
        # Whole pixels: modules of different widths are hard to read.
        code.save(out, kind="png", scale=max(1, int(size) // width), border=_QUIET)
        media_type = "image/png"
    else:
        code.save(out, kind="svg", scale=int(size) / width, border=_QUIET, light="#fff", xmldecl=False)
        media_type = "image/svg+xml"
    headers = {**HEADERS, "Content-Type": media_type, "Cache-Control": _CACHED}
    headers["Content-Security-Policy"] = "default-src 'none'"
    return web.Response(body=out.getvalue(), headers=headers)
