"""What stands around the events in XML, as JSON has it: master data, and who sent the document to whom."""

from collections.abc import Iterator

from fenxiao.epcis.strict_json import Json, error
from fenxiao.epcis.xml.elements import Element
from fenxiao.epcis.xml.fields import own_value, parts


def read_header(header: Element) -> tuple[dict[str, Json], dict[str, Json]]:
    """Read `EPCISHeader`: fields of the document itself, and of its `epcisHeader`."""
    root: dict[str, Json] = {}
    made: dict[str, Json] = dict(header.attributes)
    for part in parts(header):
        if part.name == "EPCISMasterData":
            lists = map(read_vocabularies, _all(part, "VocabularyList"))
            made["epcisMasterData"] = {"vocabularyList": [one for found in lists for one in found]}
        elif part.name == "StandardBusinessDocumentHeader":
            root |= _business_header(part)
        else:
            made[part.name] = own_value(part)
    return root, made


def read_vocabularies(vocabularies: Element) -> list[Json]:
    """Read `VocabularyList`."""
    return [_vocabulary(one) for one in _all(vocabularies, "Vocabulary")]


def _all(element: Element, name: str) -> Iterator[Element]:
    """Give what is in it, of which there is one kind. Raises `EpcisError` UNEXPECTED_ELEMENT."""
    for part in parts(element):
        if part.name != name:
            message = f"{part.name[:80]!r} does not belong in {element.name}; there stands {name}"
            raise error("UNEXPECTED_ELEMENT", message, "epcisHeader")
        yield part


def _vocabulary(vocabulary: Element) -> Json:
    made: dict[str, Json] = dict(vocabulary.attributes)
    for part in parts(vocabulary):
        if part.name == "VocabularyElementList":
            made["vocabularyElementList"] = [_vocabulary_element(one) for one in _all(part, "VocabularyElement")]
        else:
            made[part.name] = own_value(part)
    return made


def _vocabulary_element(element: Element) -> Json:
    made: dict[str, Json] = dict(element.attributes)
    attributes: list[Json] = []
    children: list[Json] = []
    for part in parts(element):
        if part.name == "attribute":
            attributes.append(_attribute(part))
        elif part.name == "children":
            children += [one.text for one in _all(part, "id")]
        else:
            made[part.name] = own_value(part)
    if attributes:
        made["attributes"] = attributes
    if children:
        made["children"] = children
    return made


def _attribute(attribute: Element) -> Json:
    own = {name: value for name, value in attribute.attributes.items() if name == "id"}
    attribute.attributes = {name: value for name, value in attribute.attributes.items() if name != "id"}
    return {**own, "attribute": own_value(attribute)}


def _business_header(header: Element) -> dict[str, Json]:
    """What JSON keeps of the Standard Business Document Header."""
    made: dict[str, Json] = {}
    for part in header.children:
        for inner in part.children:
            match part.name, inner.name:
                case "Sender" | "Receiver", "Identifier":
                    made[part.name.lower()] = inner.text
                case "DocumentIdentification", "InstanceIdentifier":
                    made["instanceIdentifier"] = inner.text
                case _:
                    pass
    return made
