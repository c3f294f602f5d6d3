"""Resource names (google.aip.dev/122)."""

import re
from functools import lru_cache

from fenxiao.errors import Kind, Refusal

_SEGMENT = r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}"
_PROGRAMME = re.compile(r"programmes/([a-z0-9][a-z0-9-]{1,38}[a-z0-9])(?:/|$)")


@lru_cache(maxsize=256)
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", rf"(?P<\1>{_SEGMENT})", re.escape(template)))


def parse_name(template: str, value: str) -> dict[str, str]:
    """The variable parts of a resource name, for example of `programmes/{programme}/members/{member}`.

    Raises `Refusal` INVALID_NAME when the value has another form.
    """
    found = _pattern(template).fullmatch(value)
    if found is None:
        raise Refusal("INVALID_NAME", f"{value!r} is not of the form {template}", kind=Kind.INVALID)
    return found.groupdict()


def programme_of(value: str) -> str:
    """The programme in which a named resource stands. Raises `Refusal` INVALID_NAME."""
    found = _PROGRAMME.match(value)
    if found is None:
        raise Refusal(
            "INVALID_NAME", f"{value!r} does not begin with programmes/ and a programme's id", kind=Kind.INVALID
        )
    return found.group(1)
