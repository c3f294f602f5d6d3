"""The prefixes of a document (`@context`), and what its compact names stand for.

No context is ever fetched. That of the standard is known, its prefixes are these; a document's own definitions count
before them.
"""

from collections.abc import Mapping
from typing import Final

from fenxiao.epcis.issues import EpcisError, EpcisIssue
from fenxiao.epcis.strict_json import Json

KNOWN_CONTEXTS: Final = frozenset(
    {
        "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        "https://gs1.github.io/EPCIS/epcis-context.jsonld",
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


class Names:
    """What the prefixes of a document, or of one of its events, stand for."""

    def __init__(self, prefixes: Mapping[str, str] = STANDARD_PREFIXES) -> None:
        self._prefixes = dict(prefixes)

    def within(self, context: Json, *, event: int, path: str) -> "Names":
        """Add the definitions of a context. Raises `EpcisError` UNKNOWN_CONTEXT or WRONG_TYPE."""
        names = Names(self._prefixes)
        for part in context if isinstance(context, list) else [context]:
            if isinstance(part, str):
                if part not in KNOWN_CONTEXTS:
                    message = f"the context {part[:200]!r} is not known and is never fetched; write its prefixes out"
                    raise EpcisError([EpcisIssue(event, path, "UNKNOWN_CONTEXT", message)])
            elif isinstance(part, dict):
                for prefix, meaning in part.items():
                    found = meaning.get("@id") if isinstance(meaning, dict) else meaning
                    if isinstance(found, str) and ":" not in prefix:
                        names._prefixes[prefix] = found
            else:
                message = "@context is an address, an object of prefixes, or a list of these"
                raise EpcisError([EpcisIssue(event, path, "WRONG_TYPE", message)])
        return names

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
        prefix, colon, local = key.partition(":")
        if not colon:
            return key
        if not local.startswith("//"):
            namespace = self._prefixes.get(prefix)
            return f"{{{namespace}}}{local}" if namespace is not None else key
        end = max(key.rfind("/"), key.rfind("#")) + 1
        return f"{{{key[:end]}}}{key[end:]}"
