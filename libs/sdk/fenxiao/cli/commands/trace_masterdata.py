"""`fenxiao trace master-data`: what is known of the places, parties, classes and words that events name."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fenxiao.cli import output
from fenxiao.cli.arguments import FilesArgument, ProfileName, ProfileOption, check_files, opened
from fenxiao.cli.exits import Misuse
from fenxiao.cli.items import LimitOption, read_item, short
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t
from fenxiao.errors import Kind, Refusal

if TYPE_CHECKING:
    from fenxiao.api.traceability.v1 import master_data_pb2
    from fenxiao.client import Client
    from fenxiao.epcis import MasterDataElement

_PAGE: Final = 500
_KIND: Final = "urn:epcglobal:epcis:vtype:"
_ATTRIBUTE: Final = "urn:epcglobal:cbv:mda#"

VocabularyOption = Annotated[
    list[str] | None,
    typer.Option("--vocabulary", metavar="NAME", help=t("Only of this vocabulary, such as BusinessLocation.")),
]
ElementArgument = Annotated[
    str, typer.Argument(metavar="ELEMENT", help=t("As events name it: 414/GLN, an EPC URI, or another URI."))
]


def add(group: typer.Typer) -> None:
    """Add the commands."""
    own = typer.Typer(help=t("Master data: what is known of what events name."), no_args_is_help=True)
    own.command("list", help=t("List elements of vocabularies by what is known of them."))(list_)
    own.command("show", help=t("Show all that is known of an element."))(show)
    own.command("set", help=t("Say all that is known of an element; what was known otherwise is gone."))(set_)
    own.command("import", help=t("Take the master data out of EPCIS documents, and leave out their events."))(import_)
    group.add_typer(own, name="master-data")


def list_(
    context: typer.Context,
    vocabularies: VocabularyOption = None,
    having: Annotated[
        list[str] | None, typer.Option("--with", metavar="ATTRIBUTE", help=t("Only what has one of these attributes."))
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="ATTRIBUTE=VALUE", help=t("Only what has this value; values divided by |.")),
    ] = None,
    below: Annotated[
        list[str] | None, typer.Option("--below", metavar="ELEMENT", help=t("Only this and what lies below it."))
    ] = None,
    limit: LimitOption = 100,
) -> None:
    """Print elements."""
    session = Session.of(context)
    asked: dict[str, Any] = {"vocabularyName": vocabularies, "HASATTR": having}
    asked["WD_name"] = [read_item(one) for one in below or ()]
    for text in where or ():
        name, value = _divided(text)
        asked[f"EQATTR_{name}"] = value.split("|")
    found = session.run(lambda client: _found(session, client, asked, limit))
    if session.as_json:
        output.print_json({"elements": found})
        return
    output.table(
        [t("vocabulary"), t("element"), t("name"), t("attributes"), t("below it")],
        [
            [
                one["vocabulary"].removeprefix(_KIND),
                short(one["element"]),
                ", ".join(map(_shown, one["attributes"].get(f"{_ATTRIBUTE}name", []))),
                str(len(one["attributes"])),
                str(len(one["children"])),
            ]
            for one in found
        ],
        right=[3, 4],
    )


def show(context: typer.Context, element: ElementArgument, vocabularies: VocabularyOption = None) -> None:
    """Print an element, once for each vocabulary that has it."""
    session = Session.of(context)
    asked: dict[str, Any] = {"EQ_name": [read_item(element)], "vocabularyName": vocabularies}
    found = session.run(lambda client: _found(session, client, asked, 0))
    if not found:
        message = f"Nothing is known of {element!r}; `fenxiao trace master-data list` shows what there is."
        raise Refusal("UNKNOWN_ELEMENT", message, kind=Kind.NOT_FOUND)
    if session.as_json:
        output.print_json({"elements": found})
        return
    for one in found:
        _print(one)


def set_(
    context: typer.Context,
    vocabulary: Annotated[
        str, typer.Argument(metavar="VOCABULARY", help=t("Such as BusinessLocation, ReadPoint, EPCClass or Party."))
    ],
    element: ElementArgument,
    attributes: Annotated[
        list[str] | None,
        typer.Option("--attribute", metavar="NAME=VALUE", help=t("Such as name=Mill; once for each value.")),
    ] = None,
    children: Annotated[
        list[str] | None, typer.Option("--child", metavar="ELEMENT", help=t("An element that lies directly below it."))
    ] = None,
) -> None:
    """Set an element."""
    session = Session.of(context)
    said = [_divided(text) for text in attributes or ()]

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import master_data_pb2 as pb

        wanted = pb.MasterDataElement(
            vocabulary=vocabulary,
            id=read_item(element),
            attributes=[pb.MasterDataAttribute(name=name, text=text) for name, text in said],
            children=[read_item(one) for one in children or ()],
        )
        request = pb.SetMasterDataRequest(parent=(await session.find_programme(client)).name, element=wanted)
        return _shape(await client.traceability.SetMasterData(request))

    found = session.run(work)
    output.print_json(found) if session.as_json else _print(found)


def import_(context: typer.Context, files: FilesArgument, profile: ProfileOption = ProfileName.STRICT) -> None:
    """Take in what the headers of some files say."""
    session = Session.of(context)
    check_files(files)
    read = [(name, *_read(name, profile)) for name in files]

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.traceability.v1 import traceability_pb2
        from fenxiao.epcis.master_data import documents_of

        parent = (await session.find_programme(client)).name
        for _, elements, created in read:
            for document in documents_of(elements, created):
                request = traceability_pb2.CaptureRequest(parent=parent, document=document)
                await client.traceability.Capture(request)
        return [{"file": name, "elements": len(elements)} for name, elements, _ in read]

    found = session.run(work)
    if session.as_json:
        output.print_json({"files": found})
        return
    output.table([t("file"), t("elements")], [[one["file"], f"{one['elements']:,}"] for one in found], right=[1])


def _read(name: str, profile: ProfileName) -> tuple[Sequence["MasterDataElement"], str]:
    """Read the header of a file, with the time at which the document was made."""
    from datetime import UTC, datetime

    from fenxiao.epcis import WIDE, EpcisError, EventReader, Profile

    with opened(name) as (source, _):
        reader = EventReader(source, Profile(profile), WIDE)
        for _ in reader.read():
            pass
    if reader.issues:
        raise EpcisError(reader.issues)
    if not reader.master_data:
        raise Refusal("NO_MASTER_DATA", f"{name} has no master data in its header (epcisHeader.epcisMasterData).")
    return reader.master_data, reader.created or datetime.now(UTC).isoformat()


async def _found(session: Session, client: "Client", asked: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    from fenxiao.api.traceability.v1 import master_data_pb2 as pb
    from fenxiao.client.client import listed

    whole = {"includeAttributes": "true", "includeChildren": "true", **{k: v for k, v in asked.items() if v}}
    request = pb.QueryMasterDataRequest(
        parent=(await session.find_programme(client)).name,
        query=json.dumps(whole).encode(),
        page_size=min(limit or _PAGE, _PAGE),
    )
    found = listed(client.traceability.QueryMasterData, request, lambda page: page.elements, limit)
    return [_shape(one) async for one in found]


def _shape(message: "master_data_pb2.MasterDataElement") -> dict[str, Any]:
    """Give an element; numbers are texts, so that nothing rounds them."""
    from fenxiao.cli.session import time_text

    attributes: dict[str, list[Any]] = {}
    for one in message.attributes:
        value = json.loads(one.json, parse_float=str, parse_int=str) if one.json else one.text
        attributes.setdefault(one.name, []).append(value)
    return {
        "vocabulary": message.vocabulary,
        "element": message.id,
        "attributes": attributes,
        "children": list(message.children),
        "as_of": time_text(message.as_of_time) if message.HasField("as_of_time") else None,
    }


def _divided(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals or not value:
        raise Misuse("INVALID_ATTRIBUTE", f"{text[:60]!r} is no attribute; write NAME=VALUE, for example name=Mill.")
    return name, value


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _print(found: dict[str, Any]) -> None:
    attributes: Iterable[tuple[str, list[Any]]] = found["attributes"].items()
    output.facts(
        [
            (t("vocabulary"), found["vocabulary"].removeprefix(_KIND)),
            (t("element"), short(found["element"])),
            *((name.removeprefix(_ATTRIBUTE), _shown(value)) for name, values in attributes for value in values),
            *((t("below it"), short(child)) for child in found["children"]),
            *([(t("as of"), found["as_of"])] if found["as_of"] else []),
        ]
    )
