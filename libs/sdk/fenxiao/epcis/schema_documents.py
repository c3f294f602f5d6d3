"""What stands around events: EPCISDocument and EPCISQueryDocument, as the JSON schema of EPCIS 2.0.1 has them.

The lists of events are left to `schema.event`; here they only have to be lists.
"""

from decimal import Decimal
from typing import Final

from fenxiao.epcis.checks import (
    NOT_LIST,
    Check,
    Problem,
    listing,
    members,
    one_of,
    own_name,
    pattern,
    problem,
    text,
    time,
    uri,
    within,
)
from fenxiao.epcis.schema import context
from fenxiao.epcis.strict_json import Json

DOCUMENT_TYPES: Final = ("EPCISDocument", "EPCISQueryDocument")


def _events(value: Json) -> list[Problem] | None:
    return None if isinstance(value, list) else problem("WRONG_TYPE", NOT_LIST)


def _attribute_value(value: Json) -> list[Problem] | None:
    if isinstance(value, Decimal | str | dict):
        return None
    return problem("WRONG_TYPE", "this is a number, a text or an object")


_vocabularies: Final = listing(
    members(
        {
            "type": uri,
            "vocabularyElementList": listing(
                members(
                    {
                        "id": uri,
                        "attributes": listing(
                            members({"id": uri, "attribute": _attribute_value}, required=["id"], any_name=True)
                        ),
                        "children": listing(uri),
                    },
                    required=["id"],
                    any_name=True,
                )
            ),
        },
        required=["type"],
        any_name=True,
    )
)
_header: Final = members(
    {"epcisMasterData": members({"vocabularyList": _vocabularies}, any_name=True)}, others=own_name
)
_results: Final = members(
    {
        "queryName": text,
        "subscriptionID": text,
        "resultsBody": members(
            {"eventList": _events, "vocabularyList": _vocabularies}, required=["eventList"], others=own_name
        ),
    },
    required=["queryName", "resultsBody"],
    others=own_name,
)
_AROUND: Final[dict[str, Check]] = {
    "@context": context,
    "id": uri,
    "schemaVersion": pattern(r"[0-9]+(?:\.[0-9]+)*", "2.0"),
    "creationDate": time,
}

_DOCUMENTS: Final[dict[str, Check]] = {
    "EPCISDocument": members(
        {
            **_AROUND,
            "type": one_of(["EPCISDocument"]),
            "instanceIdentifier": text,
            "sender": text,
            "receiver": text,
            "epcisHeader": _header,
            "epcisBody": members({"eventList": _events}, required=["eventList"], any_name=True),
        },
        required=["@context", "type", "schemaVersion", "creationDate", "epcisBody"],
        others=own_name,
    ),
    "EPCISQueryDocument": members(
        {
            **_AROUND,
            "type": one_of(["EPCISQueryDocument"]),
            "epcisBody": members({"queryResults": _results}, required=["queryResults"], others=own_name),
        },
        required=["@context", "type", "epcisBody"],
        others=own_name,
    ),
}


def document(value: dict[str, Json]) -> list[Problem] | None:
    """Check a document, but for the events in it."""
    kind = value.get("type")
    check = _DOCUMENTS.get(kind) if isinstance(kind, str) else None
    if check is not None:
        return check(value)
    if "type" not in value:
        message = "a document names its type; add one such as EPCISDocument"
        return within("type", problem("MISSING_FIELD", message))
    if not isinstance(kind, str):
        return within("type", problem("WRONG_TYPE", "the type of a document is a text; write it in double quotes"))
    message = f"{kind[:80]!r} is no type of document; write EPCISDocument or EPCISQueryDocument"
    return within("type", problem("UNKNOWN_DOCUMENT_TYPE", message))
