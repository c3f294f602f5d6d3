"""JSON with comments (`//`, `/* */`) and commas before a closing bracket: blanked out, so that JSON is left.

Nothing changes its place: what is found in the text that is left is found there in the original.
"""

import re
from typing import Final

from fenxiao.epcis.strict_json import error

_MOST_OPEN: Final = 8 * 1024 * 1024
_BLANK: Final = re.compile(r"[^\n]")
# A string, a comment, or a comma behind which nothing stands in its list; and what is open at the end of the text.
_TOKEN: Final = re.compile(
    r"""(?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+")
    |(?P<comment>//[^\n]*+\n|/\*.*?\*/)
    |(?P<comma>,(?=[ \t\r\n]*+[\]}]))
    |(?P<open>"|//|/\*|/\Z|,[ \t\r\n]*+\Z)""",
    re.DOTALL | re.VERBOSE,
)


class Blanks:
    """Blanks out comments, then commas; says whether there were any."""

    def __init__(self) -> None:
        self.comments = False
        self.commas = False
        self._waiting = ""

    def clean(self, text: str, *, last: bool) -> tuple[str, str]:
        """Give as much as can be told yet: cleaned, and as it stood."""
        original = self._waiting + text
        without, told = self._without(original, "comment", last=last)
        # A comma is looked at once the comments behind it are gone.
        cleaned, told = self._without(without[:told], "comma", last=last)
        self._waiting = original[told:]
        if len(self._waiting) > _MOST_OPEN and not last:
            raise error("TEXT_TOO_LONG", "a text or comment does not end; close it, or shorten it")
        return cleaned[:told], original[:told]

    def _without(self, text: str, what: str, *, last: bool) -> tuple[str, int]:
        """Blank out what is found, up to what is open at the end: the text, and how much of it can be told."""
        made: list[str] = []
        at = 0
        for found in _TOKEN.finditer(text):
            kind = found.lastgroup
            if kind == "open":
                ends_in_comment = what == "comment" and last and found.group().startswith("//")
                if ends_in_comment:
                    made += [text[at : found.start()], " " * (len(text) - found.start())]
                    self.comments = True
                    return "".join(made), len(text)
                if last:
                    break
                if what == "comma" or not found.group().startswith(","):
                    return "".join([*made, text[at:]]), found.start()
            elif kind == what:
                made += [text[at : found.start()], _BLANK.sub(" ", found.group())]
                at = found.end()
                if what == "comment":
                    self.comments = True
                else:
                    self.commas = True
        return "".join([*made, text[at:]]), len(text)
