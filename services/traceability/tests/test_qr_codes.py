"""Codes to print: another program reads what they say."""

import struct
import zlib

import pytest
import zxingcpp

from services.traceability.tests.conftest import Rest
from services.traceability.tests.test_resolver import PATH, ask


def read_code(png: bytes) -> tuple[str, str]:
    """What another program reads in a code, and how much of it may be damaged. Pixels are one bit, black or white."""
    wide, high, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (depth, colour) == (1, 0)
    data, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    lines = zlib.decompress(data)
    stride = (wide + 7) // 8 + 1
    rows: list[bytes] = []
    for start in range(0, high * stride, stride):
        row = lines[start + 1 : start + stride]
        if lines[start] == 2:  # less the row above
            row = bytes((one + above) & 255 for one, above in zip(row, rows[-1], strict=True))
        else:
            assert lines[start] == 0
        rows.append(row)
    pixels = bytes(255 if row[x // 8] >> (7 - x % 8) & 1 else 0 for row in rows for x in range(wide))
    (code,) = zxingcpp.read_barcodes(memoryview(pixels).cast("B", shape=[high, wide]))
    assert code.format == zxingcpp.BarcodeFormat.QRCode
    return code.text, code.ec_level


@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
async def test_codes_to_print(rest: Rest, level: str) -> None:
    path = f"{PATH}/21/%2Fa%20b"
    answer = await ask(rest, f"{path}/qr.png", f"?size=400&level={level}")
    assert answer.headers["Content-Type"] == "image/png"
    data = await answer.read()
    assert 300 < int.from_bytes(data[16:20], "big") <= 400
    assert read_code(data) == (f"{rest.base}/olives/{path}", level)
    answer = await ask(rest, f"{path}/qr.svg", f"?size=300&level={level}")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert 'width="300' in await answer.text()


@pytest.mark.parametrize("query", ["?size=10", "?size=99999", "?size=x", "?size=²", "?level=Z"])
async def test_codes_that_cannot_be_drawn(rest: Rest, query: str) -> None:
    for file in ("qr.svg", "qr.png"):
        assert (await ask(rest, f"{PATH}/{file}", query)).status == 400
    assert (await ask(rest, "01/09521141123455/qr.svg")).status == 400
