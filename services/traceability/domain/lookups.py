"""Parameters of SimpleEventQuery that ask for what master data says (EPCIS 2.0, 8.2.7.1): `WD_`, `HASATTR_`, `EQATTR_`.

They name a field whose values are elements of a vocabulary. Where a field or an attribute has an underscore, the
standard leaves open which is which: standard fields and words are known, and of others the attribute stands behind the
last one.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from fenxiao.epcis import Json, Names, Vocabulary, canonical_text
from fenxiao.epcis.master_data import VOCABULARIES
from fenxiao.errors import Refusal
from services.traceability.domain.facts import Role
from services.traceability.domain.master_data import BIZ_LOCATIONS, READ_POINTS, read_attribute
from services.traceability.domain.query import Below, Having, Lookup
from services.traceability.domain.terms import item_name, text_of
from services.traceability.domain.values import check_prefix, identifier, invalid, own_field, texts, word


class _Field(NamedTuple):
    """A field whose values are elements."""

    names: tuple[str, ...]
    """Under which an event is found by its value."""
    vocabularies: tuple[str, ...] | None
    """None: any."""


_WITHIN: Final = {
    "WD_readPoint": ("within readPoint", READ_POINTS),
    "WD_bizLocation": ("within bizLocation", BIZ_LOCATIONS),
}
_CLASSES: Final = [item_name(role, is_class=True) for role in Role if role is not Role.PARENT]
_OF_CLASSES: Final = _Field((*_CLASSES, *(f"any {name}" for name in _CLASSES)), (f"{VOCABULARIES}EPCClass",))
_FIELDS: Final = {
    "readPoint": _Field(("readPoint",), READ_POINTS),
    "bizLocation": _Field(("bizLocation",), BIZ_LOCATIONS),
    "bizStep": _Field(("bizStep",), (f"{VOCABULARIES}BusinessStep",)),
    "disposition": _Field(("disposition",), (f"{VOCABULARIES}Disposition",)),
    "epcClass": _OF_CLASSES,
    "EPCClass": _OF_CLASSES,
}
_PARTIES: Final = tuple(VOCABULARIES + name for name in ("SourceDest", "Party", "Location"))
_TYPED: Final = {
    "bizTransaction": (Vocabulary.BIZ_TRANSACTION, (f"{VOCABULARIES}BusinessTransaction",)),
    "source": (Vocabulary.SOURCE_DESTINATION, _PARTIES),
    "destination": (Vocabulary.SOURCE_DESTINATION, _PARTIES),
}
_HAVING: Final = re.compile(r"(HASATTR_|EQATTR_|EQ_ATTR_)(.+)", re.DOTALL)


def read_lookup(name: str, value: Json, names: Names) -> Lookup | None:
    """What a parameter asks of master data; None for one that asks nothing of it. Raises `Refusal` QUERY_PARAMETER."""
    if name in _WITHIN:
        within, vocabularies = _WITHIN[name]
        return Below(name, (within,), vocabularies, tuple(identifier(name, one, names) for one in texts(name, value)))
    found = _HAVING.fullmatch(name)
    if found is None:
        return None
    if found[1] == "HASATTR_":
        field = _field(name, found[2], names)
        return Having(name, *field, tuple(attribute(name, one, names) for one in texts(name, value)), None)
    text, own = _divided(found[2], names)
    values = tuple(text_of(canonical_text(one, names)) for one in texts(name, value))
    return Having(name, *_field(name, text, names), (attribute(name, own, names),), values)


def attribute(name: str, text: str, names: Names) -> str:
    """The name of an attribute, in its one form. Raises `Refusal` QUERY_PARAMETER."""
    check_prefix(name, text, names)
    try:
        return read_attribute(text, name, names)
    except Refusal as refusal:
        raise invalid(name, f"{text[:100]!r}: {refusal.message}") from None


def _field(name: str, text: str, names: Names) -> _Field:
    if text in _FIELDS:
        return _FIELDS[text]
    head, _, kind = text.partition("_")
    if head in _TYPED and kind:
        vocabulary, vocabularies = _TYPED[head]
        return _Field((f"{head} {word(name, vocabulary, kind, names)}",), vocabularies)
    return _Field((own_field(name, text, names),), None)


def _divided(text: str, names: Names) -> Sequence[str]:
    """Field and attribute."""
    head, _, rest = text.partition("_")
    if head in _FIELDS:
        return head, rest
    if head in _TYPED:
        vocabulary, _ = _TYPED[head]
        known = [one for one in vocabulary.words if rest.startswith(f"{one}_")]
        if known:
            kind = max(known, key=len)
            return f"{head}_{kind}", rest[len(kind) + 1 :]
    field, _, own = text.rpartition("_")
    return field, own
