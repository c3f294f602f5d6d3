"""A genealogy drawn as text: what came of what, a line each, and what comes again only named."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from fenxiao.cli.texts import t

_SIGNS: Final = {"object": "•", "lot": "◦", "class": "◇", "container": "▣", "transformation": "⚙"}

_TARGETS: Final = 8
"""That are named behind a node of a layer."""


class Line(NamedTuple):
    """A line of a drawing."""

    indent: str
    node: int
    link: Mapping[str, Any] | None
    """By which it hangs on the line above; None for where it begins."""
    again: bool
    """Whether what is below it stands in an earlier line."""


def tree_lines(
    nodes: Sequence[Mapping[str, Any]], links: Sequence[Mapping[str, Any]], *, backward: bool
) -> Iterator[Line]:
    """Give the lines, depth first, from what the trace began with."""
    ends = ("target", "source") if backward else ("source", "target")
    below: dict[int, list[Mapping[str, Any]]] = {}
    for link in links:
        below.setdefault(link[ends[0]], []).append(link)
    drawn: set[int] = set()
    # A stack and no recursion: a chain may be as deep as there are events. Each has what stands before its line.
    waiting: list[tuple[int, Mapping[str, Any] | None, str, str]] = [
        (number, None, "", "") for number, node in reversed([*enumerate(nodes)]) if node["start"]
    ]
    while waiting:
        number, by, before, branch = waiting.pop()
        children = below.get(number, [])
        again = number in drawn
        yield Line(before + branch, number, by, again and bool(children))
        if again:
            continue
        drawn.add(number)
        inner = before + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
        for place, link in enumerate(reversed(children)):
            waiting.append((link[ends[1]], link, inner, "├─ " if place else "└─ "))


def node_text(node: Mapping[str, Any], name: Callable[[str], str]) -> str:
    """Give a node in words: what it is, its name, how much of it is known."""
    what = name(node["item"]) if node["item"] else t("transformation")
    amounts = f"  ({', '.join(node['quantities'])})" if node["quantities"] else ""
    carried = f"  [{t('carries only')}]" if node["carried"] else ""
    return f"{_SIGNS.get(node['kind'], '•')} {what}{amounts}{carried}"


def line_text(line: Line, node: Mapping[str, Any], name: Callable[[str], str]) -> str:
    """Give a line as it is printed."""
    text = line.indent + node_text(node, name)
    if line.link is not None:
        ring = f", {t('in a ring')}" if line.link["ring"] else ""
        text += f"  — {t(line.link['kind'])}, {line.link['begins_at'][:10]}{ring}"
    return f"{text}  ↑ {t('see above')}" if line.again else text


def layer_lines(
    nodes: Sequence[Mapping[str, Any]], links: Sequence[Mapping[str, Any]], name: Callable[[str], str]
) -> Iterator[str]:
    """Give a genealogy layer by layer, from the sources: each node with where it goes."""
    going: dict[int, list[int]] = {}
    for link in links:
        going.setdefault(link["source"], []).append(link["target"])
    rows = sorted(range(len(nodes)), key=lambda number: (nodes[number]["layer"], nodes[number]["row"]))
    layer = -1
    for number in rows:
        node = nodes[number]
        if node["layer"] != layer:
            layer = node["layer"]
            yield t("layer {number}").format(number=layer)
        targets = [*dict.fromkeys(going.get(number, ()))]
        more = f", … +{len(targets) - _TARGETS:,}" if len(targets) > _TARGETS else ""
        towards = ", ".join(f"[{target}]" for target in targets[:_TARGETS]) + more
        start = f"  ← {t('asked for')}" if node["start"] else ""
        yield f"  [{number}] {node_text(node, name)}{f' → {towards}' if towards else ''}{start}"
