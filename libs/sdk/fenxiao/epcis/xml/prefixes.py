"""Namespaces of XML as prefixes of JSON-LD: what a document declares becomes its `@context`.

Names keep their prefixes where they can. A namespace gets another one where its own would mean something else there,
is none in JSON (no start of a URI), or is missing.
"""

import re
from collections.abc import Callable
from typing import Final

from fenxiao.epcis.names import STANDARD_PREFIXES
from fenxiao.epcis.strict_json import error
from fenxiao.epcis.xml.parsing import BETWEEN

EPCIS: Final = frozenset({"urn:epcglobal:epcis:xsd:1", "urn:epcglobal:epcis:xsd:2"})
QUERY: Final = frozenset({"urn:epcglobal:epcis-query:xsd:1", "urn:epcglobal:epcis-query:xsd:2"})
MASTER_DATA: Final = frozenset({"urn:epcglobal:epcis-masterdata:xsd:1", "urn:epcglobal:epcis-masterdata:xsd:2"})
SBDH: Final = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
OURS: Final = "urn:fenxiao:epcis:json"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

MACHINERY: Final = frozenset(
    {
        "",
        *EPCIS,
        *QUERY,
        "http://www.w3.org/2000/xmlns/",
        *MASTER_DATA,
        SBDH,
        XSI,
        OURS,
        "http://www.w3.org/2001/XMLSchema",
        "urn:epcglobal:xsd:1",
    }
)
"""Namespaces in which XML itself and the standard's elements are; nothing of theirs is in JSON."""
CBV_MASTER_DATA: Final = "urn:epcglobal:cbv:mda"
_SAME: Final = {CBV_MASTER_DATA: CBV_MASTER_DATA + ":"}
"""The namespace of CBV's master data, as the prefix `cbvmda` of the standard's context has it: one field, one name."""
_PREFIX: Final = re.compile(r"[A-Za-z][A-Za-z0-9.\-]*")
_SCHEMES: Final = frozenset({"http", "https", "urn", "ni", "tag", "did", "info", "mailto", "data", "file", "ftp"})
"""With these begin identifiers, whatever XML declares."""
_REMEMBERED: Final = 4096
MOST_NAME: Final = 1000
"""Characters of a name with its namespace."""


class Prefixes:
    """The prefixes of a document, and those that one event has for itself. None ever changes its meaning."""

    def __init__(self, misplaced: Callable[[str], None]) -> None:
        self._misplaced = misplaced
        """Told of elements in the namespace of the standard, in which only the root of a document stands."""
        self.shared: dict[str, str] = {}
        """Of the document: declared around its events."""
        self._own: dict[str, str] = {}
        self._within_event = False
        self._by_namespace = {namespace: prefix for prefix, namespace in STANDARD_PREFIXES.items()}
        self._made = 0
        self._names: dict[str, str] = {}

    def declare(self, prefix: str, namespace: str) -> None:
        """Take a declaration where it is new and means nothing else here. Raises `EpcisError` ELEMENT_NAME_TOO_LONG."""
        _check_length(prefix)
        _check_length(namespace)
        namespace = _SAME.get(namespace, namespace)
        if namespace not in MACHINERY and is_usable(prefix) and self._meaning(prefix) is None:
            self._define(prefix, namespace)

    def begin_event(self) -> None:
        """From here on, what is declared is the event's own."""
        self._within_event = True

    def end_event(self) -> dict[str, str]:
        """Give what the event has for itself, and forget it."""
        own, self._own = self._own, {}
        self._made = 0
        if own:
            self._names.clear()
            for prefix, namespace in own.items():
                if self._by_namespace.get(namespace) == prefix:
                    del self._by_namespace[namespace]
        return own

    def name(self, name: str) -> str:
        """Name an element or attribute as JSON does: `prefix:local`, or plain outside all namespaces.

        Attributes that are XML's own have no name. Raises `EpcisError` ELEMENT_NAME_TOO_LONG.
        """
        found = self._names.get(name)
        if found is None:
            found = self._named(name)
            if len(self._names) >= _REMEMBERED:
                self._names.clear()
            self._names[name] = found
        return found

    def _named(self, name: str) -> str:
        _check_length(name)
        namespace, local, prefix = split(name)
        if namespace in EPCIS:
            self._misplaced(local)
        if namespace == XSI:
            return ""
        if namespace in MACHINERY:
            return local
        namespace = _SAME.get(namespace, namespace)
        if not prefix or self._meaning(prefix) != namespace:
            return self.in_namespace(namespace, local, prefix)
        return f"{prefix}:{local}"

    def in_namespace(self, namespace: str, local: str, prefix: str = "") -> str:
        """Name a field of a namespace, with that prefix if it can be had."""
        return f"{self._by_namespace.get(namespace) or self._new(namespace, prefix)}:{local}"

    def _new(self, namespace: str, prefix: str) -> str:
        while not is_usable(prefix) or self._meaning(prefix) is not None:
            self._made += 1
            prefix = f"ns{self._made}"
        self._define(prefix, namespace)
        return prefix

    def _meaning(self, prefix: str) -> str | None:
        for known in (self._own, self.shared, STANDARD_PREFIXES):
            if prefix in known:
                return known[prefix]
        return None

    def _define(self, prefix: str, namespace: str) -> None:
        (self._own if self._within_event else self.shared)[prefix] = namespace
        self._by_namespace.setdefault(namespace, prefix)


def split(name: str) -> tuple[str, str, str]:
    """Take a parsed name apart: namespace, local part, prefix."""
    namespace, between, rest = name.partition(BETWEEN)
    if not between:
        return "", name, ""
    local, _, prefix = rest.partition(BETWEEN)
    return namespace, local, prefix


def is_usable(prefix: str) -> bool:
    """Whether a prefix is one in JSON: begins a URI, and no other one."""
    return _PREFIX.fullmatch(prefix) is not None and prefix.lower() not in _SCHEMES


def _check_length(name: str) -> None:
    if len(name) > MOST_NAME:
        message = f"a name with its namespace has at most {MOST_NAME} characters; shorten it"
        raise error("ELEMENT_NAME_TOO_LONG", message)
