"""Writes `docs/events.md` from the services' wiring tables: `make docs`. A test fails when the page is stale."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

from libs.eventlog import View
from libs.servicekit import Service

SERVICES = ("membership", "traceability", "commission", "settlement", "chain_bridge")
PAGE = Path(__file__).with_name("events.md")

INTRODUCTION = """# Events: who says what, and who listens

Made from the tables in `services/*/wiring.py` by `make docs`; do not edit.

A service records domain events in its own store. What others may know of them it publishes as the events below, on
the subject `fx.<service>.<event>.v<N>.<programme>.<id>` of the stream `FX_<SERVICE>`; each service that listens applies
them to its views and policies, once and in order.
"""


def _summary(what: Any) -> str:
    """The first line of a docstring, for a table cell."""
    text = inspect.getdoc(what) or ""
    return text.partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")


def _link(function: Callable[..., Any]) -> str:
    """A link to the file in which a handler stands."""
    path = function.__module__.replace(".", "/") + ".py"
    return f"[`{path.split('/', 2)[-1]}`](../{path})"


def _table(head: str, rows: list[str]) -> Iterator[str]:
    if rows:
        yield head
        yield "|" + " --- |" * (head.count("|") - 1)
        yield from rows
        yield ""


def _service(service: Service, listeners: dict[type, list[str]]) -> Iterator[str]:
    yield f"## {service.name}"
    yield ""
    yield from _table(
        "| it is told | scope | what happens | where |",
        [
            f"| `{method}` | `{command.scope}` | {_summary(command.handler)} | {_link(command.handler)} |"
            for method, command in service.commands.items()
        ],
    )
    yield from _table(
        "| it publishes | when it has recorded | who listens |",
        [
            f"| `{message.DESCRIPTOR.name}` | `{domain.__name__}`: {_summary(domain)} |"
            f" {', '.join(listeners.get(message, [])) or '–'} |"
            for domain, message in _published(service)
        ],
    )
    rows: list[str] = []
    for source, table in service.policies.items():
        for event, handlers in table.items():
            rows += [
                f"| `{event.__name__}` of {source} | {_summary(handler)} | {_link(handler)} |" for handler in handlers
            ]
    rows += [
        f"| any event of {source} | {_summary(follow)} | {_link(follow)} |"
        for source, followers in service.follows.items()
        for follow in followers
    ]
    rows += [f"| time | {_summary(work)} | {_link(work)} |" for work in service.background]
    yield from _table("| when it hears of | it does | where |", rows)
    yield from _table(
        "| it keeps | from |",
        [f"| view `{view.name}` | {', '.join(f'`{name}`' for name in _shown_in(view))} |" for view in service.views],
    )


def _shown_in(view: View) -> dict[str, None]:
    """The events of which a view is made."""
    return dict.fromkeys(cls.__name__ for cls in [*view.own, *view.together, *view.others])


def _published(service: Service) -> Iterator[tuple[type, Any]]:
    """Domain event → the message types that its publisher says it returns."""
    for domain, publisher in service.publishes.items():
        (kinds,) = get_args(get_type_hints(publisher)["return"])
        for message in get_args(kinds) or (kinds,):
            yield domain, message


def page() -> str:
    """The whole page."""
    services: list[Service] = [importlib.import_module(f"services.{name}.wiring").SERVICE for name in SERVICES]
    listeners: dict[type, list[str]] = {}
    for service in services:
        for table in service.sources.values():
            for event in table:
                listeners.setdefault(event, []).append(service.name)
    parts = [INTRODUCTION]
    for service in services:
        parts += _service(service, listeners)
    return "\n".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
