"""The parameters of SimpleEventQuery (EPCIS 2.0, 8.2.7.1) as conditions on what events say."""

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from fenxiao.epcis import Json, Names, Vocabulary, canonical_text
from services.traceability.domain.facts import Role
from services.traceability.domain.lookups import read_lookup
from services.traceability.domain.patterns import pattern_of, plain_form
from services.traceability.domain.query import (
    By,
    Condition,
    InRange,
    Lookup,
    OneOf,
    Order,
    Pattern,
    Query,
    Range,
    Span,
)
from services.traceability.domain.terms import ANY, WITH_UNIT, item_name, size_of, text_of, wider_classes
from services.traceability.domain.units import to_base
from services.traceability.domain.values import (
    count,
    flag,
    identifier,
    invalid,
    moment,
    number,
    one_of,
    own_field,
    single,
    texts,
    values_of,
    word,
)

MOST_PARAMETERS: Final = 100

_ROLES: Final = tuple(Role)
_PLAIN: Final = (Role.EPC, Role.CHILD)
_MATCH: Final[dict[str, tuple[Sequence[Role], bool]]] = {
    "MATCH_epc": (_PLAIN, False),
    "MATCH_parentID": ((Role.PARENT,), False),
    "MATCH_inputEPC": ((Role.INPUT,), False),
    "MATCH_outputEPC": ((Role.OUTPUT,), False),
    "MATCH_anyEPC": (_ROLES, False),
    "MATCH_epcClass": (_PLAIN, True),
    "MATCH_inputEPCClass": ((Role.INPUT,), True),
    "MATCH_outputEPCClass": ((Role.OUTPUT,), True),
    "MATCH_anyEPCClass": ((Role.EPC, Role.CHILD, Role.INPUT, Role.OUTPUT), True),
}

_WORDS: Final = {
    "EQ_bizStep": ("bizStep", Vocabulary.BIZ_STEP),
    "EQ_disposition": ("disposition", Vocabulary.DISPOSITION),
    "EQ_persistentDisposition_set": ("set", Vocabulary.DISPOSITION),
    "EQ_persistentDisposition_unset": ("unset", Vocabulary.DISPOSITION),
    "EQ_errorReason": ("errorReason", Vocabulary.ERROR_REASON),
    "EQ_type": ("sensor type", Vocabulary.MEASUREMENT),
    "EQ_component": ("sensor component", Vocabulary.COMPONENT),
    "EQ_exception": ("sensor exception", Vocabulary.SENSOR_ALERT),
}
_TYPES: Final = ("ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent")
_CHOICES: Final = {"EQ_action": ("action", ("ADD", "OBSERVE", "DELETE"))}
_URIS: Final = {
    "EQ_readPoint": "readPoint",
    "EQ_bizLocation": "bizLocation",
    "EQ_transformationID": "transformationID",
    **{
        f"EQ_{key}": f"sensor {key}"
        for key in (
            "deviceID", "dataProcessingMethod", "microorganism", "chemicalSubstance", "bizRules", "uriValue",
            "deviceMetadata", "rawData", "coordinateReferenceSystem",
        )
    },
}  # fmt: skip
_TEXTS: Final = {
    "EQ_eventID": "eventID",
    "EQ_correctiveEventID": "correctiveEventID",
    "EQ_stringValue": "sensor stringValue",
    "EQ_hexBinaryValue": "sensor hexBinaryValue",
}
_TYPED: Final = {
    "EQ_bizTransaction_": ("bizTransaction", Vocabulary.BIZ_TRANSACTION),
    "EQ_source_": ("source", Vocabulary.SOURCE_DESTINATION),
    "EQ_destination_": ("destination", Vocabulary.SOURCE_DESTINATION),
}
_EXISTS: Final = {"EXISTS_errorDeclaration": "errorDeclaration", "EXISTS_sensorElementList": "sensorElementList"}
_BOUNDS: Final = {
    "GE_eventTime": ("event", "since"),
    "LT_eventTime": ("event", "until"),
    "GE_recordTime": ("record", "since"),
    "LT_recordTime": ("record", "until"),
}
_CONTROLS: Final = frozenset({"@context", "orderBy", "orderDirection", "eventCountLimit", "maxEventCount"})

_COMPARED: Final = re.compile(r"(EQ|GT|GE|LT|LE)_(.+)", re.DOTALL)
_IN_UNIT: Final = re.compile(rf"(quantity|{'|'.join(sorted(WITH_UNIT))})_([A-Z0-9]{{2,4}})")
_TIMES: Final = {
    "time": "sensor time",
    "startTime": "sensor startTime",
    "endTime": "sensor endTime",
    "errorDeclarationTime": "errorDeclarationTime",
    "errorDeclaration_Time": "errorDeclarationTime",
}
_NUMBERS: Final = {"quantity": "quantity", "percRank": "sensor percRank"}


def read_query(parameters: Mapping[str, Json], names: Names) -> Query:
    """Read parameters; unknown ones are refused. Raises `Refusal` QUERY_PARAMETER."""
    if len(parameters) > MOST_PARAMETERS:
        raise invalid("parameters", f"a query has at most {MOST_PARAMETERS} of them")
    if "@context" in parameters:
        names = names.within(parameters["@context"])
    conditions: list[Condition] = []
    lookups: list[Lookup] = []
    spans: dict[str, dict[str, int]] = {"event": {}, "record": {}}
    for name, value in parameters.items():
        if name in _BOUNDS:
            span, end = _BOUNDS[name]
            spans[span][end] = moment(name, single(name, value))
        elif lookup := read_lookup(name, value, names):
            lookups.append(lookup)
        elif name not in _CONTROLS and (condition := _condition(name, value, names)):
            conditions.append(condition)
    first, most = (count(name, parameters[name]) if name in parameters else None for name in _COUNTS)
    if first is not None and most is not None:
        raise invalid("maxEventCount", "name eventCountLimit or maxEventCount, not both")
    if first is not None and "orderBy" not in parameters:
        raise invalid("eventCountLimit", "the first by what? name orderBy too")
    event, record = Span(**spans["event"]), Span(**spans["record"])
    return Query(tuple(conditions), event, record, _order(parameters, names), first, most, tuple(lookups))


_COUNTS: Final = ("eventCountLimit", "maxEventCount")


def _order(parameters: Mapping[str, Json], names: Names) -> Order:
    direction = one_of(
        "orderDirection", single("orderDirection", parameters.get("orderDirection", "DESC")), _DIRECTIONS
    )
    if "orderBy" not in parameters:
        # Any order will do; a bare direction says nothing (8.2.7.1). A span of record times is read along itself.
        along = "GE_recordTime" in parameters and not parameters.keys() & {"GE_eventTime", "LT_eventTime"}
        return Order(By.RECORD_TIME if along else By.EVENT_TIME)
    text = str(single("orderBy", parameters["orderBy"]))
    if text in (By.EVENT_TIME.value, By.RECORD_TIME.value):
        return Order(By(text), direction == "DESC")
    if ":" not in text:
        raise invalid(
            "orderBy", "results are ordered by eventTime, recordTime, or a field of your own with its namespace"
        )
    return Order(By.FIELD, direction == "DESC", own_field("orderBy", text, names))


_DIRECTIONS: Final = ("ASC", "DESC")


def _condition(name: str, value: Json, names: Names) -> Condition | None:
    """What a parameter asks for; None for one that asks for nothing."""
    if name in _EXISTS or name.startswith("EXISTS_"):
        field = _EXISTS.get(name) or own_field(name, name.removeprefix("EXISTS_"), names)
        return OneOf(((field, ANY),)) if flag(name, value) else None
    if condition := _by_words(name, value, names):
        return condition
    if compared := _COMPARED.fullmatch(name):
        return _comparison(name, compared[1], compared[2], value, names)
    raise invalid(name, "there is no such parameter; look at its spelling")


def _by_words(name: str, value: Json, names: Names) -> OneOf | None:
    """What is compared as text, under a name that the standard lists; None for any other."""
    if name in _MATCH:
        return _match(name, value, names)
    if name == "eventType":
        return OneOf(tuple(("type", _event_type(text, names)) for text in texts(name, value)))
    if name in _CHOICES:
        term, choices = _CHOICES[name]
        return OneOf(tuple((term, one_of(name, text, choices)) for text in texts(name, value)))
    if name in _WORDS:
        term, vocabulary = _WORDS[name]
        return OneOf(tuple((term, word(name, vocabulary, text, names)) for text in texts(name, value)))
    if name in _URIS:
        return OneOf(tuple((_URIS[name], identifier(name, text, names)) for text in texts(name, value)))
    if name in _TEXTS:
        return OneOf(tuple((_TEXTS[name], text) for text in texts(name, value)))
    if name == "EQ_booleanValue":
        (truth,) = texts(name, single(name, value))
        return OneOf((("sensor booleanValue", one_of(name, truth, ("true", "false"))),))
    for prefix, (term, vocabulary) in _TYPED.items():
        if name.startswith(prefix):
            kind = word(name, vocabulary, name.removeprefix(prefix), names)
            return OneOf(tuple((f"{term} {kind}", identifier(name, text, names)) for text in texts(name, value)))
    return None


def _event_type(text: str, names: Names) -> str:
    if text not in _TYPES and ":" not in text:
        raise invalid("eventType", f"write one of {', '.join(_TYPES)}, or the URI of an extension's type")
    return names.expand(text)


def _match(name: str, value: Json, names: Names) -> OneOf:
    roles, is_class = _MATCH[name]
    own = [item_name(role, is_class=is_class) for role in roles]
    terms: list[tuple[str, str]] = []
    patterns: list[Pattern] = []
    for text in texts(name, value):
        try:
            form = pattern_of(text, names)
        except ValueError as error:
            raise invalid(name, f"{text[:100]!r} is no pattern: {error}") from None
        if form is not None:
            patterns.append(Pattern(frozenset(own), form))
            continue
        found = identifier(name, plain_form(text), names)
        terms += [(role, found) for role in own]
        if not [*wider_classes(found)]:
            terms += [(f"any {role}", found) for role in own]
    return OneOf(tuple(terms), tuple(patterns))


def _comparison(name: str, operator: str, field: str, value: Json, names: Names) -> Condition:
    if field in _TIMES:
        if operator not in ("GE", "LT"):
            raise invalid(name, "moments are compared by GE and LT only")
        return _ranges(name, operator, _TIMES[field], [Fraction(moment(name, single(name, value)))])
    if field in _NUMBERS:
        return _ranges(name, operator, _NUMBERS[field], [Fraction(number(name, one)) for one in values_of(name, value)])
    if found := _IN_UNIT.fullmatch(field):
        key, unit = found.groups()
        bases = [to_base(number(name, one), unit) for one in values_of(name, value)]
        term = f"{key} {bases[0][0]}" if key == "quantity" else f"sensor {key} {bases[0][0]}"
        return _ranges(name, operator, term, [size for _, size in bases])
    own = own_field(name, field, names)
    if operator == "EQ":
        return OneOf(tuple((own, text_of(canonical_text(text, names))) for text in texts(name, value)))
    (text,) = texts(name, single(name, value))
    size = size_of(canonical_text(text, names))
    if size is None:
        raise invalid(name, "write a number, or a time such as 2025-11-03T07:30:00+01:00")
    return _ranges(name, operator, own, [size])


_RANGES: Final[dict[str, Callable[[Fraction], Range]]] = {
    "EQ": lambda size: Range(size, size),
    "GT": lambda size: Range(least=size, open=True),
    "GE": lambda size: Range(least=size),
    "LT": lambda size: Range(most=size, open=True),
    "LE": lambda size: Range(most=size),
}


def _ranges(name: str, operator: str, term: str, sizes: list[Fraction]) -> InRange:
    if operator != "EQ" and len(sizes) != 1:
        raise invalid(name, "write one value")
    return InRange(term, tuple(map(_RANGES[operator], sizes)))
