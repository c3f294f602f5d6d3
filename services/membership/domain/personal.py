"""What is known of a person: the only place where it is in clear, and never part of an event."""

import re
import unicodedata
from dataclasses import asdict, dataclass, fields

from fenxiao.errors import Refusal

REFERENCE_LIMIT = 128
NAME_LIMIT = 200
EMAIL_LIMIT = 254
COUNTRY_LIMIT = 100

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


@dataclass(frozen=True, slots=True)
class Personal:
    """A member as the merchant knows it. Make one of foreign input with `checked`."""

    reference: str
    display_name: str = ""
    email: str = ""
    country: str = ""

    @classmethod
    def checked(cls, reference: str, display_name: str, email: str, country: str) -> "Personal":
        """Checks and normalizes (NFC: one spelling of each letter). Only the reference is needed."""
        reference, display_name, email, country = (
            unicodedata.normalize("NFC", text) for text in (reference, display_name, email, country)
        )
        check_reference(reference)
        if len(display_name) > NAME_LIMIT or _has_control(display_name):
            raise Refusal(
                "INVALID_MEMBER_NAME",
                f"a member's name has at most {NAME_LIMIT} characters and no control characters",
                field="display_name",
            )
        if email and (len(email) > EMAIL_LIMIT or not _EMAIL.fullmatch(email) or _has_control(email)):
            raise Refusal(
                "INVALID_EMAIL", "the e-mail address must be of the form name@domain, or empty", field="email"
            )
        if len(country) > COUNTRY_LIMIT or _has_control(country):
            raise Refusal(
                "INVALID_COUNTRY",
                f"the country has at most {COUNTRY_LIMIT} characters and no control characters",
                field="country",
            )
        return cls(reference, display_name, email, country)

    @property
    def email_key(self) -> str:
        """The address in the form in which two are compared."""
        return self.email.casefold()

    def differences(self, other: "Personal") -> list[str]:
        """Names of the fields in which the two differ."""
        mine, theirs = asdict(self), asdict(other)
        return [field.name for field in fields(self) if mine[field.name] != theirs[field.name]]


def check_reference(reference: str, field: str = "reference") -> None:
    """Refuses what cannot be a merchant's number for a member."""
    if not 1 <= len(reference) <= REFERENCE_LIMIT or not reference.isprintable() or reference != reference.strip():
        raise Refusal(
            "INVALID_REFERENCE",
            f"a reference has 1 to {REFERENCE_LIMIT} printable characters and no space at its ends",
            field=field,
        )


def _has_control(text: str) -> bool:
    return any(unicodedata.category(character) == "Cc" for character in text)
