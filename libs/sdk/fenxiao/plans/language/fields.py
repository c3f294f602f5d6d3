"""The kinds of value that plans are made of: each reads one spelling and knows its JSON schema."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from fenxiao.errors import Refusal
from fenxiao.money import CURRENCIES, EXACT
from fenxiao.plans.language.instants import parse_instant


def _reads(pattern: str, convert: Callable[[str], Any], reason: str, message: str) -> BeforeValidator:
    """Make a validator that takes text of one form and converts it."""
    form = re.compile(pattern)

    def read(value: object) -> Any:
        if isinstance(value, str) and form.fullmatch(value):
            try:
                return convert(value)
            except Refusal:
                pass  # the form is right and the value is not; the message covers both
        raise PydanticCustomError(reason, message)  # pyright: ignore[reportArgumentType] - the texts below are literals

    return BeforeValidator(read)


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise Refusal("UNKNOWN_CURRENCY", code)
    return code


def _share(text: str) -> Decimal:
    share = Decimal(text.removesuffix("%")).scaleb(-2, EXACT)
    if share > 1:
        raise Refusal("INVALID_RATE", text)
    return share


def count(least: int, most: int) -> tuple[AfterValidator, FieldInfo]:
    """Bound the number of items of a list, for `Annotated[tuple[X, ...], *count(1, 64)]`.

    Pydantic's own bounds count what is left once bad items are gone, and report a second issue that is none.
    """

    def check(items: tuple[Any, ...]) -> tuple[Any, ...]:
        if not least <= len(items) <= most:
            raise PydanticCustomError(
                "WRONG_COUNT", "Must have {least} to {most} items.", {"least": least, "most": most}
            )
        return items

    return AfterValidator(check), Field(json_schema_extra={"minItems": least, "maxItems": most})


_NAME = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,128}"
_ID = r"[a-z][a-z0-9_-]{0,63}"
_RATE = r"(?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,9})?%"
_DAYS = r"0|[1-9][0-9]{0,3}"
_JURISDICTION = r"[A-Z]{2}(?:-[a-z]{1,32})?"

Name = Annotated[
    str,
    _reads(_NAME, str, "INVALID_NAME", "Must be a text of 1 to 128 characters on one line."),
    WithJsonSchema({"type": ["string", "number"], "minLength": 1, "maxLength": 128}),
]
"""A text of 1 to 128 characters."""

Id = Annotated[
    str,
    _reads(_ID, str, "INVALID_ID", "Must begin with a-z, then up to 63 of a-z, 0-9, _ and -."),
    WithJsonSchema({"type": "string", "pattern": f"^{_ID}$"}),
]
"""A name for programs, unique where it stands."""

Rate = Annotated[
    Decimal,
    _reads(
        _RATE, _share, "INVALID_RATE", "Write a rate as a percentage from 0% to 100%, such as 8% or 2.5%; 0.08 is not."
    ),
    WithJsonSchema({"type": "string", "pattern": f"^{_RATE}$", "examples": ["8%", "2.5%"]}),
]
"""A percentage in the document, with its sign and without a space; the exact fraction inside (8% is 0.08)."""

Days = Annotated[
    int,
    _reads(_DAYS, int, "INVALID_DAYS", "Must be a whole number of days from 0 to 9999."),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "maximum": 9999, "pattern": f"^(?:{_DAYS})$"}),
]
"""A number of whole days of 24 hours."""

Instant = Annotated[
    datetime,
    _reads(
        r".*",
        parse_instant,
        "INVALID_TIME",
        "Must be a time with its offset (RFC 3339), such as 2010-12-01T00:00:00Z.",
    ),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A moment, UTC inside."""

Currency = Annotated[
    str,
    _reads(r"[A-Z]{3}", _currency, "UNKNOWN_CURRENCY", "Must be an active ISO 4217 code, such as GBP."),
    WithJsonSchema({"type": "string", "enum": sorted(CURRENCIES)}),
]
"""An ISO 4217 code."""

Jurisdiction = Annotated[
    str,
    _reads(_JURISDICTION, str, "INVALID_JURISDICTION", "Must be the name of a rule pack, such as CN or CN-direct."),
    WithJsonSchema({"type": "string", "pattern": f"^{_JURISDICTION}$"}),
]
"""The name of a rule pack that the plan must satisfy."""

_NUMBER = r"(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,9})?"

Number = Annotated[
    Decimal,
    _reads(_NUMBER, Decimal, "INVALID_NUMBER", "Write a plain decimal of at least 0, such as 18000 or 0.5."),
    WithJsonSchema({"type": ["number", "string"], "minimum": 0, "pattern": f"^(?:{_NUMBER})$"}),
]
"""An exact decimal of at least 0: volumes, amounts, counts of points."""

Whole = Annotated[
    int,
    _reads(_DAYS, int, "INVALID_WHOLE_NUMBER", "Must be a whole number from 0 to 9999."),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "maximum": 9999, "pattern": f"^(?:{_DAYS})$"}),
]
"""A whole number."""

_TIMES = r"[1-9][0-9]{0,3}"

Times = Annotated[
    int,
    _reads(_TIMES, int, "INVALID_COUNT", "Must be a whole number from 1 to 9999."),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 1, "maximum": 9999, "pattern": f"^(?:{_TIMES})$"}),
]
"""A whole number above 0."""

_WIDTH = r"[2-9]|[12][0-9]|3[0-2]"

Width = Annotated[
    int,
    _reads(_WIDTH, int, "INVALID_WIDTH", "Must be a whole number from 2 to 32."),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 2, "maximum": 32, "pattern": f"^(?:{_WIDTH})$"}),
]
"""How many places there are below each member of a placement tree."""

YesNo = Annotated[
    bool,
    _reads(r"true|false|yes|no", lambda text: text in {"true", "yes"}, "INVALID_YES_NO", "Must be true or false."),
    WithJsonSchema({"type": ["boolean", "string"], "enum": [True, False, "true", "false", "yes", "no"]}),
]
"""True or false."""

Country = Annotated[
    str,
    _reads(r"[A-Z]{2}", str, "INVALID_COUNTRY", "Must be an ISO 3166-1 alpha-2 code, such as CN."),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"}),
]
"""An ISO 3166-1 alpha-2 code."""
