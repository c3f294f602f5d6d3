"""What the text of the standard asks for and its JSON schema cannot say; an event is valid without it.

Check digits (General Specifications, 7.9), forms of EPC URIs (Tag Data Standard, 6), prefixes that nobody defines
(JSON-LD 1.1, 4.1), a parent where there must be one (ISO/IEC 19987, 7.4.3), an `eventID` that is the hash of another
event (CBV 2.0, 8.9).
"""

from collections.abc import Iterator, Mapping
from typing import Final

from fenxiao.epcis.checks import Problem, shown
from fenxiao.epcis.epc_uris import is_well_formed
from fenxiao.epcis.identifiers import wrong_check_digit
from fenxiao.epcis.names import Names
from fenxiao.epcis.strict_json import Json, Path, Repeating

_LISTS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITIES: Final = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_PAIRS: Final = (("bizTransactionList", "bizTransaction"), ("sourceList", "source"), ("destinationList", "destination"))
_HASH: Final = "ni:///sha-256;"
_SCHEMES: Final = frozenset({"http", "https", "urn", "mailto", "tag", "did", "info"})


def advise(event: Mapping[str, Json], names: Names, hash_: str) -> list[Problem]:
    """List what is doubtful about a valid event."""
    found = [*_identifiers(event), *_prefixes(event, names, ())]
    if isinstance(event, Repeating):
        message = f"the key {event.repeated[0]!r} stands twice, and its last value was taken; keep one of them"
        found.append(((), "KEY_TWICE", message))
    if event["type"] == "AggregationEvent" and "parentID" not in event and event.get("action") in ("ADD", "DELETE"):
        message = "what is packed or unpacked has a parent; give parentID, which only OBSERVE may leave out"
        found.append((("parentID",), "PARENT_MISSING", message))
    own = event.get("eventID")
    if isinstance(own, str) and own.startswith(_HASH) and own.endswith("?ver=CBV2.0") and own != hash_:
        message = f"the eventID is the hash of another event, or of this one before it was changed; its own is {hash_}"
        found.append((("eventID",), "OTHER_HASH", message))
    return found


def _identifiers(event: Mapping[str, Json]) -> Iterator[Problem]:
    for path, text in _places(event):
        if is_well_formed(text) is False:
            message = f"{shown(text)} does not follow the form of its EPC scheme; count the digits of its parts"
            yield path, "MALFORMED_EPC", message
        elif (digits := wrong_check_digit(text)) is not None:
            stands, right = digits
            yield path, "WRONG_CHECK_DIGIT", f"the check digit of {shown(text)} is {stands} and should be {right}"


def _places(event: Mapping[str, Json]) -> Iterator[tuple[Path, str]]:
    """Every identifier of a standard field, and where it stands."""
    for name in ("parentID", "transformationID"):
        if isinstance(value := event.get(name), str):
            yield (name,), value
    for name in ("readPoint", "bizLocation"):
        place = event.get(name)
        if isinstance(place, dict) and isinstance(value := place.get("id"), str):
            yield (name, "id"), value
    for name in _LISTS:
        for index, value in enumerate(_items(event, name)):
            if isinstance(value, str):
                yield (name, index), value
    for name, inner in [*((name, "epcClass") for name in _QUANTITIES), *_PAIRS]:
        for index, item in enumerate(_items(event, name)):
            if isinstance(item, dict) and isinstance(value := item.get(inner), str):
                yield (name, index, inner), value


def _items(event: Mapping[str, Json], name: str) -> list[Json]:
    value = event.get(name)
    return value if isinstance(value, list) else []


def _prefixes(value: Json | Mapping[str, Json], names: Names, path: Path) -> Iterator[Problem]:
    """Names of fields whose prefix means nothing."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            prefix, colon, local = name.partition(":")
            if name == "@context":
                continue
            if colon and not local.startswith("//") and prefix not in _SCHEMES and not names.knows(prefix):
                message = f"no @context says what the prefix {shown(prefix)} stands for; define it"
                yield (*path, name), "UNKNOWN_PREFIX", message
            yield from _prefixes(item, names, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _prefixes(item, names, (*path, index))
