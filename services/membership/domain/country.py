"""In which country a member lives: personal, and in the open only where the programme discloses it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from fenxiao.errors import Refusal
from services.membership.domain.events import CountriesDisclosed, CountryChanged, CountryDisclosed
from services.membership.domain.programme import CLOCK_TOLERANCE, Programme

_CODES: Final = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
CODES: Final = frozenset(_CODES.split())
"""ISO 3166-1 alpha-2."""


class Living(NamedTuple):
    """A country, in clear, from a moment on; as it was written when enrolling, which may be no code."""

    since: datetime
    country: str


def code_of(text: str) -> str:
    """The ISO 3166-1 alpha-2 code that a text is, in either case; empty if it is none."""
    return code if text.isascii() and (code := text.upper()) in CODES else ""


def checked_code(text: str) -> str:
    """The code that a text must be. Raises `Refusal` INVALID_COUNTRY."""
    code = code_of(text)
    if not code:
        message = "the country must be an ISO 3166-1 alpha-2 code, such as GB or CN"
        raise Refusal("INVALID_COUNTRY", message, field="country")
    return code


def lived(joined: Living, moves: Iterable[Living]) -> list[Living]:
    """Where a member has lived, oldest first, of what was said in this order: the last word on a moment counts."""
    known = {joined.since: joined, **{move.since: move for move in moves}}
    return [known[since] for since in sorted(known)]


def decide_disclose(programme: Programme) -> list[CountriesDisclosed]:
    """Has a programme publish the countries of its members. For good: what was published stays so."""
    return [] if programme.discloses_countries else [CountriesDisclosed(programme=programme.id)]


def disclose_on_joining(member: UUID, country: str, joined: datetime, programme: Programme) -> list[CountryDisclosed]:
    """What is published of a new member's country. It must be a code then, or not be given."""
    if not programme.discloses_countries or not country:
        return []
    return [CountryDisclosed(member=member, country=checked_code(country), effective_time=joined)]


def still_to_disclose(
    member: UUID, known: Sequence[Living], disclosed: Iterable[CountryDisclosed]
) -> list[CountryDisclosed]:
    """What is to be published of a member who was there before. What is no code cannot be."""
    told = {event.effective_time: event.country for event in disclosed}
    codes = [(since, code) for since, country in known if (code := code_of(country))]
    return [
        CountryDisclosed(member=member, country=code, effective_time=since)
        for since, code in codes
        if told.get(since) != code
    ]


def decide_change_country(
    member: UUID,
    known: Sequence[Living],
    wanted: Living,
    programme: Programme,
    now: datetime,
    protect: Callable[[str], str],
) -> list[CountryChanged | CountryDisclosed]:
    """Has a member live in a country from a moment on. Where it lives there at that time already, nothing changes.

    `known` is where it has lived, oldest first, from when it joined. Another country for the same moment corrects it.
    """
    code = checked_code(wanted.country)
    if wanted.since < known[0].since:
        raise Refusal("BEFORE_JOINING", "the member had not joined at that time", field="effective_time")
    if wanted.since > now + CLOCK_TOLERANCE:
        message = "the time lies more than a day ahead; change the country when it has come"
        raise Refusal("MOVED_IN_FUTURE", message, field="effective_time")
    at_home = [living.country for living in known if living.since <= wanted.since][-1]
    if code_of(at_home) == code:
        return []
    changed = CountryChanged(member=member, country=protect(code), effective_time=wanted.since)
    if not programme.discloses_countries:
        return [changed]
    return [changed, CountryDisclosed(member=member, country=code, effective_time=wanted.since)]
