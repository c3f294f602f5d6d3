"""Looks for words in files, in every form in which they could be read off without a key."""

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path


def shapes(word: str) -> set[bytes]:
    """A word as text, as JSON would write it, as UTF-16, in hex, and in base64 at each of its three alignments."""
    raw = word.encode()
    found = {raw, raw.lower(), raw.upper(), word.encode("utf-16-le"), json.dumps(word)[1:-1].encode()}
    found |= {raw.hex().encode(), raw.hex().upper().encode()}
    for shift in range(3):
        # Without the first and last characters, which neighbours have a share in.
        first, last = -(-shift * 8 // 6), (shift + len(raw)) * 8 // 6
        found.add(base64.b64encode(b"\0" * shift + raw)[first:last])
        found.add(base64.urlsafe_b64encode(b"\0" * shift + raw)[first:last])
    return found


def files_below(folders: Iterable[Path]) -> Iterator[Path]:
    """Every file in folders."""
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())


def find(words: Iterable[str], files: Iterable[Path]) -> list[str]:
    """Where which word stands."""
    wanted = [(word, shape) for word in words for shape in shapes(word)]
    found: list[str] = []
    for path in files:
        data = path.read_bytes()
        found += sorted({f"{word!r} in {path}" for word, shape in wanted if shape in data})
    return found
