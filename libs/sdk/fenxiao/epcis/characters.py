"""A document's characters, a piece at a time: values are read out of it without ever holding all of it."""

import codecs
import json
import re
from typing import BinaryIO, Final, NoReturn, Protocol

from fenxiao.epcis.strict_json import Decoder, Json, Limits, error

_PIECE: Final = 256 * 1024
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_NEAR: Final = 16
"""A mistake so near to the end of what is there may be none once more is there: `tru`, `"\\u00`."""


class Cleaner(Protocol):
    """Blanks out what is no JSON, without changing any length."""

    def clean(self, text: str, *, last: bool) -> tuple[str, str]:
        """Give as much as can be told yet: cleaned, and as it stood."""
        ...


class Characters:
    """Reads values one behind the other."""

    def __init__(self, source: BinaryIO, limits: Limits, cleaner: Cleaner | None = None) -> None:
        self._source = source
        self._limits = limits
        self._cleaner = cleaner
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._original = ""
        self._at = 0
        self._bytes = 0
        self._lines = 0
        self._ended = False
        self.decoder = Decoder(limits.depth)

    @property
    def bytes_read(self) -> int:
        """How much was read from the source so far."""
        return self._bytes

    def next(self) -> str:
        """Skip white space and give the character there; empty at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def skip(self) -> None:
        """Go on by one character."""
        self._at += 1

    def value(self) -> tuple[Json, str]:
        """Read a value: it, and its text as it stood."""
        self.next()
        while True:
            try:
                value, end = self.decoder.decode(self._text, self._at)
            except json.JSONDecodeError as wrong:
                known = wrong.pos < len(self._text) - _NEAR and not wrong.msg.startswith("Unterminated")
                if known or not self._more():
                    raise
                continue
            # A number at the very end may go on.
            if end < len(self._text) or not self._more():
                break
        start, self._at = self._at, end
        return value, self._original[start:end]

    def mark(self) -> int:
        """Remember this place, until `forget`."""
        return self._at

    def since(self, mark: int) -> str:
        """Give the text from a mark on."""
        return self._original[mark : self._at]

    def forget(self) -> None:
        """Let go of what was read."""
        if self._at >= _PIECE:
            self._lines += self._text.count("\n", 0, self._at)
            self._text, self._original = self._text[self._at :], self._original[self._at :]
            self._at = 0

    def fail(self, message: str) -> NoReturn:
        """Say that something else should stand here."""
        raise json.JSONDecodeError(message, self._text, self._at)

    def place(self, wrong: json.JSONDecodeError) -> str:
        """Say where a mistake is, in the whole document."""
        return f"line {wrong.lineno + self._lines}, column {wrong.colno}"

    def _more(self) -> bool:
        """Read on; false at the end."""
        if self._ended:
            return False
        if len(self._text) - self._at > self._limits.event:
            message = f"one event, or what stands around the events, has at most {self._limits.event:,} characters"
            raise error("EVENT_TOO_LONG", message)
        # As much again as is waiting: what is long is read anew only a few times.
        piece = self._source.read(max(_PIECE, len(self._text) - self._at))
        self._bytes += len(piece)
        if self._bytes > self._limits.bytes:
            message = f"a document has at most {self._limits.bytes:,} bytes and this one has more; send it in parts"
            raise error("DOCUMENT_TOO_LARGE", message)
        waiting = len(self._decode.getstate()[0])
        try:
            text = self._decode.decode(piece, final=not piece)
        except UnicodeDecodeError as wrong:
            at = self._bytes - len(piece) - waiting + wrong.start
            raise error("NOT_UTF8", f"the document is not UTF-8 at byte {at}; save it as UTF-8") from None
        self._ended = not piece
        clean, original = self._cleaner.clean(text, last=self._ended) if self._cleaner else (text, text)
        self._text += clean
        self._original = self._original + original if self._cleaner else self._text
        return True
