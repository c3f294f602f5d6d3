"""Documents written as XML 2.0: what stands around the events, and the events one by one."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from fenxiao.epcis.names import Names
from fenxiao.epcis.strict_json import Json
from fenxiao.epcis.xml.escaping import escape, escape_attribute
from fenxiao.epcis.xml.prefixes import SBDH
from fenxiao.epcis.xml.writing import EventWriter, as_web_uri

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


def write_document(root: Mapping[str, Json], events: Iterable[str]) -> Iterator[str]:
    """Write a document of which `root` is the JSON, but for its events. Raises `EpcisError` NOT_IN_XML."""
    is_answer = root.get("type") == "EPCISQueryDocument"
    names = Names().within(root.get("@context"))
    prefix, local = ("epcisq", "EPCISQueryDocument") if is_answer else ("epcis", "EPCISDocument")
    namespace = "urn:epcglobal:epcis-query:xsd:2" if is_answer else "urn:epcglobal:epcis:xsd:2"
    version = escape_attribute(str(root.get("schemaVersion", "2.0")))
    created = root.get("creationDate")
    when = f' creationDate="{escape_attribute(created)}"' if isinstance(created, str) else ""
    yield f'{_DECLARATION}<{prefix}:{local} xmlns:{prefix}="{namespace}" schemaVersion="{version}"{when}>\n'
    yield _header(root, names)
    yield "<EPCISBody>\n"
    yield from _answer(root, events) if is_answer else _list(events)
    yield f"</EPCISBody>\n</{prefix}:{local}>\n"


def _list(events: Iterable[str]) -> Iterator[str]:
    yield "<EventList>\n"
    for event in events:
        yield event + "\n"
    yield "</EventList>\n"


def _answer(root: Mapping[str, Json], events: Iterable[str]) -> Iterator[str]:
    results = _object(_object(root.get("epcisBody")).get("queryResults"))
    yield f"<epcisq:QueryResults><queryName>{escape(str(results.get('queryName', '')))}</queryName>"
    if isinstance(subscription := results.get("subscriptionID"), str):
        yield f"<subscriptionID>{escape(subscription)}</subscriptionID>"
    yield "<resultsBody>\n"
    yield from _list(events)
    yield "</resultsBody></epcisq:QueryResults>\n"


def _header(root: Mapping[str, Json], names: Names) -> str:
    """Write who sent the document to whom, and its master data."""
    vocabularies = _objects(_object(_object(root.get("epcisHeader")).get("epcisMasterData")).get("vocabularyList"))
    written = "".join(_vocabulary(one, names) for one in vocabularies)
    master = f"<EPCISMasterData><VocabularyList>\n{written}</VocabularyList></EPCISMasterData>" if written else ""
    business = _business_header(root)
    if not master and not business:
        return ""
    return f"<EPCISHeader>{business}{f'<extension>{master}</extension>' if master else ''}</EPCISHeader>\n"


def _vocabulary(vocabulary: Mapping[str, Json], names: Names) -> str:
    elements = "".join(_element(one, names) for one in _objects(vocabulary.get("vocabularyElementList")))
    kind = escape_attribute(names.expand(str(vocabulary.get("type", ""))))
    inner = f"<VocabularyElementList>\n{elements}</VocabularyElementList>" if elements else ""
    return f'<Vocabulary type="{kind}">{inner}</Vocabulary>\n'


def _element(element: Mapping[str, Json], names: Names) -> str:
    attributes = "".join(_attribute(one, names) for one in _objects(element.get("attributes")))
    listed = element.get("children")
    children = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    ids = "".join(f"<id>{escape(names.expand(one))}</id>" for one in children)
    inside = f"<children>{ids}</children>" if ids else ""
    name = escape_attribute(names.expand(str(element.get("id", ""))))
    return f'<VocabularyElement id="{name}">{attributes}{inside}</VocabularyElement>\n'


def _attribute(attribute: Mapping[str, Json], names: Names) -> str:
    write = EventWriter(names, as_web_uri)
    name = escape_attribute(names.expand(str(attribute.get("id", ""))))
    inner = write.content(attribute.get("attribute"))
    return f'<attribute id="{name}"{write.declarations()}>{inner}</attribute>'


def _business_header(root: Mapping[str, Json]) -> str:
    """Write what JSON keeps of the Standard Business Document Header."""

    def part(inside: str, name: str, value: Json) -> str:
        if not isinstance(value, str):
            return ""
        return f"<sbdh:{inside}><sbdh:{name}>{escape(value)}</sbdh:{name}></sbdh:{inside}>"

    parts = [
        part("Sender", "Identifier", root.get("sender")),
        part("Receiver", "Identifier", root.get("receiver")),
        part("DocumentIdentification", "InstanceIdentifier", root.get("instanceIdentifier")),
    ]
    if not any(parts):
        return ""
    inner = "<sbdh:HeaderVersion>1.0</sbdh:HeaderVersion>" + "".join(parts)
    return f'<sbdh:StandardBusinessDocumentHeader xmlns:sbdh="{SBDH}">{inner}</sbdh:StandardBusinessDocumentHeader>'


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _objects(value: Json) -> list[Mapping[str, Json]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
