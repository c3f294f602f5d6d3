"""The prefixes of a document (`@context`, JSON-LD 1.1), and what its compact names stand for.

No context is ever fetched. That of the standard is known, its prefixes are these; a document's own definitions count
before them. Other addresses are opaque: what they would define stays unknown.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from fenxiao.epcis.strict_json import Json

STANDARD_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

KNOWN_CONTEXTS: Final = frozenset(
    {
        STANDARD_CONTEXT,
        "https://ref.gs1.org/standards/epcis/2.0.1/epcis-context.jsonld",
        "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        "https://ref.gs1.org/epcis/epcis-context.jsonld",
        "https://gs1.github.io/EPCIS/epcis-context.jsonld",
        "https://gs1.github.io/EPCIS/epcis-context-simple.jsonld",
        "https://id.gs1.org/epcis-context.jsonld",
    }
)
"""Addresses under which the standard's own context is named."""

STANDARD_PREFIXES: Final[Mapping[str, str]] = {
    "epcis": "https://ref.gs1.org/epcis/",
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "gs1": "https://gs1.org/voc/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
}

TEXT: Final = "#text"
"""The field in which the text of an XML element stands that has attributes or elements as well."""

_REMEMBERED: Final = 4096
_USUAL_LENGTH: Final = 200


class Names:
    """What the prefixes of a document, or of one of its events, stand for."""

    def __init__(self, prefixes: Mapping[str, str] = STANDARD_PREFIXES) -> None:
        self._prefixes = dict(prefixes)
        self._keys: dict[str, str] = {}
        self.canonical: dict[str, str] = {}
        """Texts and their one form, as found before: a document says the same words over and over."""

    def within(self, context: Json) -> "Names":
        """Add the definitions of a context; what is not one is left out."""
        names = Names(self._prefixes)
        for part in _parts(context):
            if isinstance(part, dict):
                for prefix, meaning in part.items():
                    found = meaning.get("@id") if isinstance(meaning, dict) else meaning
                    if isinstance(found, str) and ":" not in prefix:
                        names._prefixes[prefix] = names.expand(found)
        return names

    @property
    def longest(self) -> int:
        """Characters by which a compact URI grows at most where it is written in full."""
        return max(map(len, self._prefixes.values()), default=0)

    def knows(self, prefix: str) -> bool:
        """Whether a prefix is defined."""
        return prefix in self._prefixes

    def expand(self, text: str) -> str:
        """Write a compact URI in full: `cbv:BizStep-shipping`. Other text stays as it is."""
        prefix, colon, local = text.partition(":")
        if colon and not local.startswith("//"):
            namespace = self._prefixes.get(prefix)
            if namespace is not None:
                return namespace + local
        return text

    def key(self, key: str) -> str:
        """Name a field as the event hash does: `{namespace}local`."""
        found = self._keys.get(key)
        if found is None:
            found = self._named(key)
            if len(self._keys) < _REMEMBERED and len(key) <= _USUAL_LENGTH:
                self._keys[key] = found
        return found

    def remember(self, text: str, canonical: str) -> None:
        """Keep the one form of a text."""
        if len(text) <= _USUAL_LENGTH:
            if len(self.canonical) >= _REMEMBERED:
                self.canonical.clear()
            self.canonical[text] = canonical

    def _named(self, key: str) -> str:
        prefix, colon, local = key.partition(":")
        if not colon:
            return key
        if not local.startswith("//"):
            namespace = self._prefixes.get(prefix)
            return f"{{{namespace}}}{local}" if namespace is not None else key
        end = max(key.rfind("/"), key.rfind("#")) + 1
        return f"{{{key[:end]}}}{key[end:]}"


def unknown_contexts(context: Json) -> list[str]:
    """List the addresses of a context that are not the standard's."""
    return [part for part in _parts(context) if isinstance(part, str) and part not in KNOWN_CONTEXTS]


def _parts(context: Json) -> Iterable[Json]:
    return context if isinstance(context, list) else [context]
