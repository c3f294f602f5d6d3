"""Where in the text of a document each of its parts stands: for people who look for what an issue is about."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import yaml

from fenxiao.plans.language.issues import PlanIssue, pointer

_SAID: Final = re.compile(r"\bline (\d+), column (\d+)\b")
_DEEP: Final = 64
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[][{},:]|[^\s"\][{},:]+', re.DOTALL)


class Spot(NamedTuple):
    """A place in a text, both counted from 1."""

    line: int
    column: int


class LocatedIssue(NamedTuple):
    """An issue and where in the text it is; none where the text does not say."""

    issue: PlanIssue
    spot: Spot | None


def locate(document: bytes, issues: Iterable[PlanIssue]) -> list[LocatedIssue]:
    """Find out where each issue stands: at the part that it names, or at the nearest part around one that is missing.

    Issues of the whole document stand where their message says, if it does.
    """
    found = spots(document)
    return [LocatedIssue(issue, _spot_of(issue, found)) for issue in issues]


def spots(document: bytes) -> dict[str, Spot]:
    """Find where each part of a document begins, by JSON pointer; keys count as the beginning of what they name.

    Of a document that cannot be read, what stands before the fault.
    """
    text = document.decode("utf-8-sig", errors="replace")
    found: dict[str, Spot] = {}
    if text.lstrip().startswith("{"):
        tokens = _TOKEN.finditer(text)
        first = next(tokens)
        _json_value(first, tokens, _Lines(text), [], found)
    else:
        try:
            events = yaml.parse(text, Loader=yaml.BaseLoader)
            for event in events:
                if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent | yaml.ScalarEvent):
                    _yaml_node(event, events, [], found)
        except (yaml.YAMLError, RecursionError):
            pass
    return found


def _spot_of(issue: PlanIssue, found: Mapping[str, Spot]) -> Spot | None:
    if said := _SAID.search(issue.message):
        return Spot(int(said[1]), int(said[2]))
    path = issue.path
    while path and path not in found:
        path = path.rpartition("/")[0]
    return found.get(path) if path else None


# --- YAML


def _yaml_node(event: yaml.Event, events: Iterator[yaml.Event], path: list[str | int], found: dict[str, Spot]) -> None:
    """Note where a value begins, unless its key has said so, and go through what is in it."""
    found.setdefault(pointer(path), _mark(event))
    if isinstance(event, yaml.SequenceStartEvent):
        count = 0
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            _yaml_node(item, events, [*path, count], found)
            count += 1
    elif isinstance(event, yaml.MappingStartEvent):
        while not isinstance(key := next(events), yaml.MappingEndEvent):
            name = key.value if isinstance(key, yaml.ScalarEvent) else ""
            if not isinstance(key, yaml.ScalarEvent):
                _yaml_node(key, events, [*path, name], {})
            found.setdefault(pointer([*path, name]), _mark(key))
            _yaml_node(next(events), events, [*path, name], found)


def _mark(event: yaml.Event) -> Spot:
    mark = event.start_mark
    return Spot(mark.line + 1, mark.column + 1) if mark else Spot(1, 1)


# --- JSON


class _Lines:
    """Lines of a text, by position; positions come in ascending order."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._line, self._start = text, 0, 1, 0

    def spot(self, position: int) -> Spot:
        breaks = self._text.count("\n", self._at, position)
        if breaks:
            self._line += breaks
            self._start = self._text.rindex("\n", self._at, position) + 1
        self._at = position
        return Spot(self._line, position - self._start + 1)


def _json_value(
    token: re.Match[str], tokens: Iterator[re.Match[str]], lines: _Lines, path: list[str | int], found: dict[str, Spot]
) -> None:
    """Note where a value begins, unless its key has said so, and go through what is in it.

    The text need not be JSON: what cannot be made sense of is passed over.
    """
    found.setdefault(pointer(path), lines.spot(token.start()))
    if token[0] not in "{[" or len(path) > _DEEP:
        return
    count, is_object = 0, token[0] == "{"
    key: str | None = None
    for part in tokens:
        match part[0]:
            case "}" | "]":
                return
            case "," | ":":
                continue
            case text if is_object and key is None:
                key = _key(text)
                found.setdefault(pointer([*path, key]), lines.spot(part.start()))
            case _:
                _json_value(part, tokens, lines, [*path, count if key is None else key], found)
                count, key = count + 1, None


def _key(text: str) -> str:
    try:
        return str(json.loads(text))
    except json.JSONDecodeError:
        return text
