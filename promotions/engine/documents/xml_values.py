"""Reads an XML text as plain JSON values, within bounds.

An element with elements inside becomes an object, one with only text a string; elements of one
name that stand together become a list; attributes become members like any other.
"""

from xml.parsers import expat

from common.errors import InvalidError
from common.jsontypes import JSONValue

MAX_DEPTH = 50
MAX_BYTES = 1024 * 1024


class _Element:
    """An element that is being read."""

    __slots__ = ("members", "text")

    def __init__(self, attributes: dict[str, str]) -> None:
        self.members: dict[str, JSONValue] = dict(attributes)
        self.text: list[str] = []

    def add(self, name: str, value: JSONValue) -> None:
        known = self.members.get(name)
        if name not in self.members:
            self.members[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            self.members[name] = [known, value]

    def value(self) -> JSONValue:
        text = "".join(self.text)
        if not self.members:
            return text.strip()
        return self.members


def load_xml(text: str) -> JSONValue:
    """Return the value of the root element; its name does not matter.

    Raises:
        InvalidError: It is no XML, too long, nested too deeply, or has a document type (which
            could make it arbitrarily large).
    """
    if len(text.encode("utf-8", errors="replace")) > MAX_BYTES:
        raise InvalidError(f"the XML is longer than {MAX_BYTES} bytes")
    open_elements = [_Element({})]

    def start(_name: str, attributes: dict[str, str]) -> None:
        if len(open_elements) > MAX_DEPTH:
            raise InvalidError(f"the XML is nested deeper than {MAX_DEPTH} levels")
        open_elements.append(_Element(attributes))

    def end(name: str) -> None:
        element = open_elements.pop()
        open_elements[-1].add(name, element.value())

    def add_text(part: str) -> None:
        open_elements[-1].text.append(part)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = add_text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(text, True)  # noqa: FBT003 - "this is all"; expat takes it by position
    except (expat.ExpatError, UnicodeEncodeError) as error:
        raise InvalidError(f"it is not XML: {error}") from error
    return next(iter(open_elements[0].members.values()))


def _refuse_doctype(*_: object) -> None:
    raise InvalidError("the XML has a document type, which is not read")
