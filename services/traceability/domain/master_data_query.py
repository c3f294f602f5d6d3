"""The parameters of SimpleMasterDataQuery (EPCIS 2.0, 8.2.7.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fenxiao.epcis import Json, Names, canonical_text, is_uri
from fenxiao.epcis.master_data import element_name, is_element_name, word_vocabularies
from fenxiao.errors import Refusal
from services.traceability.domain.lookups import attribute
from services.traceability.domain.master_data import read_vocabulary
from services.traceability.domain.parameters import MOST_PARAMETERS
from services.traceability.domain.terms import text_of
from services.traceability.domain.values import count, invalid, one_of, single, texts

_NEEDED: Final = ("includeAttributes", "includeChildren")
_EQUAL: Final = "EQATTR_"


@dataclass(frozen=True, slots=True)
class MasterDataQuery:
    """What is asked for: elements that fulfil all of it, and what of them is shown."""

    attributes: bool
    children: bool
    names: tuple[str, ...] | None
    """Attributes that are shown; None: all."""
    vocabularies: tuple[str, ...] | None
    """None: any, and so below."""
    ids: tuple[str, ...] | None
    within: tuple[str, ...] | None
    """These, or what lies below them."""
    having: tuple[str, ...] | None
    """One of these attributes."""
    equal: tuple[tuple[str, tuple[str, ...]], ...]
    """Of each of these attributes one of these values."""
    most: int | None
    """Refused if there are more."""


def read_master_data_query(parameters: Mapping[str, Json], names: Names) -> MasterDataQuery:
    """Read parameters; unknown ones are refused. Raises `Refusal` QUERY_PARAMETER."""
    if len(parameters) > MOST_PARAMETERS:
        raise invalid("parameters", f"a query has at most {MOST_PARAMETERS} of them")
    names = names.within(parameters.get("@context"))
    for name in parameters:
        if name not in _KNOWN and not (name.startswith(_EQUAL) and len(name) > len(_EQUAL)):
            raise invalid(name, "there is no such parameter; look at its spelling")
    shown = [_flag(name, parameters) for name in _NEEDED]
    return MasterDataQuery(
        *shown,
        names=_attributes("attributeNames", parameters, names),
        vocabularies=_vocabularies("vocabularyName", parameters, names),
        ids=_ids("EQ_name", parameters, names),
        within=_ids("WD_name", parameters, names),
        having=_attributes("HASATTR", parameters, names),
        equal=tuple(
            (
                attribute(name, name.removeprefix(_EQUAL), names),
                tuple(text_of(canonical_text(one, names)) for one in texts(name, value)),
            )
            for name, value in parameters.items()
            if name.startswith(_EQUAL)
        ),
        most=count("maxElementCount", parameters["maxElementCount"]) if "maxElementCount" in parameters else None,
    )


_KNOWN: Final = frozenset(
    {*_NEEDED, "@context", "attributeNames", "vocabularyName", "EQ_name", "WD_name", "HASATTR", "maxElementCount"}
)


def _flag(name: str, parameters: Mapping[str, Json]) -> bool:
    if name not in parameters:
        raise invalid(name, "this is needed; write true or false")
    one = single(name, parameters[name])
    return one_of(name, str(one).lower() if isinstance(one, bool) else one, ("true", "false")) == "true"


def _attributes(name: str, parameters: Mapping[str, Json], names: Names) -> tuple[str, ...] | None:
    if name not in parameters:
        return None
    return tuple(attribute(name, text, names) for text in texts(name, parameters[name]))


def _vocabularies(name: str, parameters: Mapping[str, Json], names: Names) -> tuple[str, ...] | None:
    if name not in parameters:
        return None
    try:
        return tuple(read_vocabulary(text, name, names) for text in texts(name, parameters[name]))
    except Refusal as refusal:
        raise invalid(name, refusal.message) from None


def _ids(name: str, parameters: Mapping[str, Json], names: Names) -> tuple[str, ...] | None:
    """Identifiers in their one form, and as a word where they may be one: which vocabulary is meant is not said."""
    if name not in parameters:
        return None
    found: dict[str, None] = {}
    for text in texts(name, parameters[name]):
        own = canonical_text(text, names)
        words = [
            found_word
            for vocabulary in word_vocabularies()
            if not is_uri(found_word := element_name(vocabulary, text, names))
            and is_element_name(vocabulary, found_word)
        ]
        if not words and not is_uri(own):
            raise invalid(name, f"{text[:100]!r} is no URI")
        found |= dict.fromkeys([*([own] if is_uri(own) else []), *words])
    return tuple(found)
